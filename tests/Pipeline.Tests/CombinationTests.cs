using System.Text;
using Turnpike.Pipeline;
using Turnpike.Routing;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.Pipeline;

/// <summary>Tests how the actions of a route combine: the rows of docs/reference/route-actions.md.</summary>
public sealed class CombinationTests : PipelineTest
{
    private const string MirrorAddress = "10.0.0.9";

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);
    private static readonly FaultAction AlwaysAbort = new(0, TimeSpan.Zero, 100, 418);
    private static readonly CorsAction Cors = new(["*"], ["PUT"], [], [], null, AllowCredentials: false);

    [Theory]
    [InlineData("GET", false)]
    [InlineData("OPTIONS", false)]
    [InlineData("GET", true)]
    public async Task Redirect_IsAllThatHappens(string method, bool webSocket)
    {
        var upstream = new FakeUpstream(_ => new FakeResponse());
        var route = Tables.Route() with
        {
            Redirect = new RedirectAction(301, null, null, "/new"),
            Targets = [],
            Cors = Cors,
            Fault = AlwaysAbort,
            Retry = new RetryPolicy(3, TimeSpan.Zero),
            MirrorCluster = "mirror",
            AllowWebSocket = true,
        };
        var exchange = new FakeExchange(method).With(("origin", "https://a.example"), ("access-control-request-method", "PUT"));
        exchange.Request.IsWebSocket = webSocket;

        await RunAsync(upstream, WithMirror(route), exchange);

        Assert.Equal(301, exchange.Response.Status);
        Assert.Null(exchange.Response.Headers.First("access-control-allow-origin"));
        Assert.Empty(upstream.Requests);
    }

    [Fact]
    public async Task Abort_EndsEverything_ButTellsAnAllowedOrigin()
    {
        var upstream = new FakeUpstream(_ => new FakeResponse());
        var route = Tables.Route() with { Fault = AlwaysAbort, MirrorCluster = "mirror", Retry = new RetryPolicy(3, TimeSpan.Zero), Cors = Cors };

        var exchange = await RunAsync(upstream, WithMirror(route), new FakeExchange().With(("origin", "https://a.example")));

        Assert.Equal(418, exchange.Response.Status);
        Assert.Equal("https://a.example", exchange.Response.Headers.First("access-control-allow-origin"));
        Assert.Empty(upstream.Requests);
    }

    [Fact]
    public async Task Delay_ComesBeforeAbort()
    {
        var exchange = new FakeExchange();
        var run = Start(new FakeUpstream(), Tables.Of(Cluster(), Tables.Route() with { Fault = new FaultAction(100, TimeSpan.FromSeconds(2), 100, 418) })).HandleAsync(exchange).AsTask();
        Time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.False(run.IsCompleted);
        Time.Advance(TimeSpan.FromSeconds(0.1));
        await run;
        Assert.Equal(418, exchange.Response.Status);
    }

    [Theory]
    [InlineData(0.1, 0.1, true, 418)]
    [InlineData(0.1, 0.9, true, 200)]
    [InlineData(0.9, 0.1, false, 418)]
    [InlineData(0.9, 0.9, false, 200)]
    public async Task DelayAndAbort_AreDrawnApart(double delayDrawn, double abortDrawn, bool delayed, int status)
    {
        Random.Doubles.Enqueue(delayDrawn);
        Random.Doubles.Enqueue(abortDrawn);
        var exchange = new FakeExchange();
        var run = Start(new FakeUpstream(_ => new FakeResponse()), Tables.Of(Cluster(), Tables.Route() with { Fault = new FaultAction(50, TimeSpan.FromSeconds(2), 50, 418) })).HandleAsync(exchange).AsTask();
        Assert.Equal(delayed, !run.IsCompleted);
        Time.Advance(TimeSpan.FromSeconds(2));
        await run;
        Assert.Equal(status, exchange.Response.Status);
    }

    [Fact]
    public async Task Delay_HappensOnce_WhateverIsRetried_AndTheMirrorWaitsForIt()
    {
        var sent = new List<(string Address, double At)>();
        var began = Time.GetUtcNow();
        var upstream = new FakeUpstream(s =>
        {
            lock (sent)
                sent.Add((s.Request.Endpoint.Endpoint.Address, (Time.GetUtcNow() - began).TotalSeconds));
            return new FakeResponse(503);
        });
        var route = Tables.Route() with { Fault = new FaultAction(100, TimeSpan.FromSeconds(2), 0, 0), Retry = new RetryPolicy(2, TimeSpan.Zero), MirrorCluster = "mirror" };

        await RunInTimeAsync(upstream, WithMirror(route), TimeSpan.FromMilliseconds(10));

        Assert.Equal(3, sent.Count(s => s.Address != MirrorAddress));
        Assert.All(sent, s => Assert.InRange(s.At, 2, 2.9));
        Assert.Single(sent, s => s.Address == MirrorAddress);
    }

    [Fact]
    public async Task Weights_AreDrawnOnce_WhateverIsRetried()
    {
        var upstream = new FakeUpstream(_ => new FakeResponse(503));
        var clusters = Enumerable.Range(1, 2).Select(i => new Cluster { Name = $"c{i}", Endpoints = [new Endpoint($"10.0.0.{i}", 80)] }).ToArray();
        var route = Tables.Route() with { Targets = [new("c1", 50), new("c2", 50)], Retry = new RetryPolicy(5, TimeSpan.Zero) };
        Random.Integers.Enqueue(70);

        await RunInTimeAsync(upstream, Tables.Of(clusters, route), Step);

        Assert.Equal(Enumerable.Repeat("10.0.0.2", 6), upstream.Requests.Select(r => r.Request.Endpoint.Endpoint.Address));
    }

    [Fact]
    public async Task Mirror_SeesWhatUpstreamSees()
    {
        var upstream = new FakeUpstream(_ => new FakeResponse());
        var route = Tables.Route(PathMatch.Prefix("/api/")) with
        {
            Rewrite = new RewriteAction("/v2/", "inner.example"),
            AppendHeaders = [new("x-more", "1")],
            MirrorCluster = "mirror",
        };

        await RunAsync(upstream, WithMirror(route), new FakeExchange(target: "/api/x?y"));

        var real = Assert.Single(upstream.Requests, r => r.Request.Endpoint.Endpoint.Address != MirrorAddress);
        var copy = Assert.Single(upstream.Requests, r => r.Request.Endpoint.Endpoint.Address == MirrorAddress);
        Assert.Equal("/v2/x?y", real.Target);
        Assert.Equal("/v2/x?y", copy.Target);
        Assert.Equal("inner.example", real.Host);
        Assert.Equal("inner.example-shadow", copy.Host);
        Assert.Equal("1", copy.Header("x-more"));
        Assert.Equal(real.Header("x-request-id"), copy.Header("x-request-id"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("body")]
    public async Task Mirror_GetsOneCopy_WhateverIsRetried(string? body)
    {
        var upstream = new FakeUpstream(_ => new FakeResponse(503));
        var route = Tables.Route() with { Retry = new RetryPolicy(2, TimeSpan.Zero), MirrorCluster = "mirror" };

        var exchange = await RunInTimeAsync(upstream, WithMirror(route), Step, new FakeExchange("PUT", body: body is null ? null : new MemoryBody(Encoding.ASCII.GetBytes(body))));

        Assert.Equal(503, exchange.Response.Status);
        Assert.Equal(3, upstream.Requests.Count(r => r.Request.Endpoint.Endpoint.Address != MirrorAddress));
        var copy = Assert.Single(upstream.Requests, r => r.Request.Endpoint.Endpoint.Address == MirrorAddress);
        Assert.Equal(body ?? "", copy.Body);
    }

    [Theory]
    [InlineData("host", "other")]
    [InlineData("content-length", "5")]
    [InlineData("transfer-encoding", "chunked")]
    [InlineData("connection", "x-b")]
    [InlineData("expect", "100-continue")]
    public async Task AppendedHeaders_CannotChangeTheMessage(string name, string value)
    {
        var upstream = new FakeUpstream(_ => new FakeResponse());
        await RunAsync(upstream, Tables.Route() with { AppendHeaders = [new(name, value), new("x-b", "1")] });
        Assert.Null(upstream.Only.Header(name));
        Assert.Equal("1", upstream.Only.Header("x-b"));
        Assert.Equal("a.example.com:8080", upstream.Only.Host);
    }

    [Fact]
    public async Task AppendedHeaders_StandBesideWhatTheProxySays()
    {
        var upstream = new FakeUpstream(_ => new FakeResponse());
        await RunAsync(upstream, Tables.Route(PathMatch.Prefix("/a")) with
        {
            AppendHeaders = [new("x-envoy-original-path", "mine"), new("x-forwarded-proto", "gopher")],
            Rewrite = new RewriteAction("/b", null),
        }, new FakeExchange(target: "/a"));
        Assert.Equal("/a, mine", upstream.Only.Header("x-envoy-original-path"));
        Assert.Equal("http, gopher", upstream.Only.Header("x-forwarded-proto"));
        Assert.Equal("/b", upstream.Only.Target);
    }

    [Fact]
    public async Task BackOff_CountsInTheTimeout()
    {
        Random.Doubles.Enqueue(1);
        var upstream = new FakeUpstream(_ => new FakeResponse(503));
        var route = Tables.Route() with { Timeout = TimeSpan.FromMilliseconds(10), Retry = new RetryPolicy(5, TimeSpan.Zero) };
        var exchange = new FakeExchange();

        var run = Start(upstream, Tables.Of(Cluster(), route)).HandleAsync(exchange).AsTask();
        Assert.False(run.IsCompleted);
        Time.Advance(TimeSpan.FromMilliseconds(10));
        await run;

        Assert.Equal(504, exchange.Response.Status);
        Assert.Single(upstream.Requests);
    }

    [Theory]
    [InlineData("POST", "POST", 2)]
    [InlineData("PATCH", "PATCH", 2)]
    [InlineData("POST", "PATCH", 1)]
    [InlineData("POST", null, 1)]
    public async Task UnsafeMethod_IsRepeated_WhereTheRuleNamesIt(string method, string? named, int tries)
    {
        var upstream = new FakeUpstream(_ => new FakeResponse(503));
        // A pattern that fits any method names none.
        var route = Tables.Route() with
        {
            Retry = new RetryPolicy(1, TimeSpan.Zero),
            Conditions = named is null ? [] : [new Condition(ConditionTarget.Method, "", named == method ? ConditionKind.Exact : ConditionKind.Regex, named == method ? named : ".*")],
        };
        await RunInTimeAsync(upstream, Tables.Of(Cluster(), route), Step, new FakeExchange(method));
        Assert.Equal(tries, upstream.Requests.Count);
    }

    [Fact]
    public async Task WebSocket_KnowsNoRetryMirrorOrCors()
    {
        var upstream = new FakeUpstream(_ => new FakeResponse(503, "no"));
        var route = Tables.Route() with
        {
            AllowWebSocket = true,
            Retry = new RetryPolicy(3, TimeSpan.FromSeconds(1)),
            MirrorCluster = "mirror",
            Cors = Cors,
            AppendHeaders = [new("x-more", "1")],
        };
        var exchange = new FakeExchange().With(("origin", "https://a.example"));
        exchange.Request.IsWebSocket = true;

        await RunAsync(upstream, WithMirror(route), exchange);

        Assert.Equal(503, exchange.Response.Status);
        Assert.Equal("no", exchange.Text);
        Assert.Equal("1", upstream.Only.Header("x-more"));
        Assert.Null(upstream.Only.Header("x-envoy-expected-rq-timeout-ms"));
        Assert.Null(exchange.Response.Headers.First("access-control-allow-origin"));
    }

    /// <summary>A rule that refuses requests by an abort is not passed by asking for a WebSocket.</summary>
    [Fact]
    public async Task WebSocket_MeetsTheFaultsOfItsRule()
    {
        var upstream = new FakeUpstream(_ => new FakeResponse());
        var exchange = new FakeExchange();
        exchange.Request.IsWebSocket = true;

        await RunAsync(upstream, Tables.Of(Cluster(), Tables.Route() with { AllowWebSocket = true, Fault = AlwaysAbort }), exchange);

        Assert.Equal("fault filter abort", exchange.Text);
        Assert.Empty(upstream.Requests);
    }

    [Fact]
    public async Task Rewrite_DoesNotRouteAgain()
    {
        var upstream = new FakeUpstream(_ => new FakeResponse());
        var table = Tables.Of(
            [Cluster(), Cluster(1, "other")],
            Tables.Route(PathMatch.Prefix("/a")) with { Rewrite = new RewriteAction("/b", null) },
            Tables.Route(PathMatch.Prefix("/b"), "other") with { Fault = AlwaysAbort });
        var exchange = await RunAsync(upstream, table, new FakeExchange(target: "/a"));
        Assert.Equal(200, exchange.Response.Status);
        Assert.Equal("/b", upstream.Only.Target);
    }

    private static RouteTable WithMirror(Route route) =>
        Tables.Of([Cluster(), new Cluster { Name = "mirror", Endpoints = [new Endpoint(MirrorAddress, 80)] }], route);
}
