using Turnpike.Http;
using Turnpike.Pipeline;
using Turnpike.Routing;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.Pipeline;

/// <summary>Tests what the routes of a table do to requests.</summary>
public sealed class RoutingActionTests : PipelineTest
{
    private static readonly CorsAction Cors = new(["https://a.example", "https://b.example"], ["GET", "PUT"], ["x-a", "x-b"], ["x-c"], TimeSpan.FromMinutes(5), AllowCredentials: true);

    public static TheoryData<PathMatchKind, string, string, string, string> Rewrites => new()
    {
        { PathMatchKind.Exact, "/a", "/b", "/a", "/b" },
        { PathMatchKind.Exact, "/a", "/b", "/a?x=1", "/b?x=1" },
        { PathMatchKind.Prefix, "/api/", "/", "/api/x?y=/api/", "/x?y=/api/" },
        { PathMatchKind.Prefix, "/api", "/v2", "/apix/y", "/v2x/y" },
        { PathMatchKind.Prefix, "/", "/v2", "/foo", "/v2foo" },
        { PathMatchKind.Prefix, "", "/v2", "/foo", "/v2foo" },
        { PathMatchKind.Prefix, "/", "/v2/", "/foo", "/v2/foo" },
        { PathMatchKind.ElementPrefix, "/app", "/", "/app/x", "/x" },
        { PathMatchKind.ElementPrefix, "/app", "/", "/app", "/" },
        { PathMatchKind.ElementPrefix, "/app", "/new", "/app/x?q", "/new/x?q" },
        { PathMatchKind.ElementPrefix, "/app", "/new", "/app", "/new" },
        // Never a way to another host: the text is appended to an address.
        { PathMatchKind.Prefix, "/", "@evil.example/", "/x", "/@evil.example/x" },
        { PathMatchKind.Prefix, "/", ":1/", "/x", "/:1/x" },
    };

    [Theory]
    [MemberData(nameof(Rewrites))]
    public async Task Rewrite_ReplacesWhatWasMatched(PathMatchKind kind, string matched, string replacement, string target, string expected)
    {
        var upstream = new FakeUpstream(_ => new FakeResponse());

        // What is replaced is what entry and rule match together: here the entry's path, and the rule is for every path.
        var entry = Tables.Entry(Tables.Route(PathMatch.Any) with { Rewrite = new RewriteAction(replacement, null) }) with { Path = new PathMatch(kind, matched) };
        var hosts = new VirtualHostSet([new VirtualHost("*", [entry])]);
        await RunAsync(upstream, Tables.Of(Cluster()) with { Listeners = IngressListeners.Of(hosts, hosts) }, new FakeExchange(target: target));

        Assert.Equal(expected, upstream.Only.Target);
        Assert.Equal(target, upstream.Only.Header("x-envoy-original-path"));
        Assert.Equal("a.example.com:8080", upstream.Only.Host);
    }

    [Theory]
    [InlineData(null, null, "a.example.com:8080")]
    [InlineData(null, "service.ns.svc:80", "service.ns.svc:80")]
    [InlineData("rewritten", "service.ns.svc:80", "rewritten")]
    public async Task Host_IsTheClients_UnlessSaidOtherwise(string? rewrite, string? cluster, string expected)
    {
        var upstream = new FakeUpstream(_ => new FakeResponse());
        var route = Tables.Route() with { Rewrite = rewrite is null ? null : new RewriteAction(null, rewrite) };

        await RunAsync(upstream, Tables.Of(Cluster() with { Host = cluster }, route));

        Assert.Equal(expected, upstream.Only.Host);
        Assert.Null(upstream.Only.Header("x-envoy-original-path"));
    }

    [Theory]
    [InlineData(301, null, null, null, "http://a.example.com:8080/x?y=1")]
    [InlineData(301, null, null, "/new", "http://a.example.com:8080/new")]
    [InlineData(301, null, "b.example", null, "http://b.example/x?y=1")]
    [InlineData(308, "https", null, null, "https://a.example.com/x?y=1")]
    [InlineData(308, "https", "b.example:8443", "/new", "https://b.example:8443/new")]
    public async Task Redirect_IsAnsweredOnTheSpot(int status, string? scheme, string? authority, string? path, string location)
    {
        var exchange = await RunAsync(new FakeUpstream(), Tables.Route() with { Redirect = new RedirectAction(status, scheme, authority, path), Targets = [] }, new FakeExchange(target: "/x?y=1"));

        Assert.Equal(status, exchange.Response.Status);
        Assert.Equal(location, exchange.Response.Headers.First("location"));
        Assert.Equal("0", exchange.Response.Headers.First("content-length"));
        Assert.Equal("turnpike", exchange.Response.Headers.First("server"));
    }

    [Fact]
    public async Task Weights_DecideByShare_InTheirOrder()
    {
        var seen = new Dictionary<string, int>();
        var upstream = new FakeUpstream(sent =>
        {
            var address = sent.Request.Endpoint.Endpoint.Address;
            seen[address] = seen.GetValueOrDefault(address) + 1;
            return new FakeResponse();
        });
        var clusters = Enumerable.Range(1, 3).Select(i => new Cluster { Name = $"c{i}", Endpoints = [new Endpoint($"10.0.0.{i}", 80)] }).ToArray();
        var route = Tables.Route() with { Targets = [new("c1", 70), new("c2", 0), new("c3", 30)] };
        var pipeline = Start(upstream, Tables.Of(clusters, route));

        for (var i = 0; i < 100; i++)
        {
            Random.Integers.Enqueue(i);
            await pipeline.HandleAsync(new FakeExchange());
        }

        Assert.Equal(new Dictionary<string, int> { ["10.0.0.1"] = 70, ["10.0.0.3"] = 30 }, seen);
    }

    [Fact]
    public async Task OneTarget_TakesAll_WhateverItsWeight()
    {
        var upstream = new FakeUpstream(_ => new FakeResponse());
        await RunAsync(upstream, Tables.Route() with { Targets = [new(Tables.DefaultCluster, 0)] });
        Assert.Single(upstream.Requests);
    }

    [Fact]
    public async Task AppendedHeaders_StandBesideTheClients()
    {
        var upstream = new FakeUpstream(_ => new FakeResponse());
        await RunAsync(upstream, Tables.Route() with { AppendHeaders = [new("x-a", "2"), new("x-b", "3")] }, new FakeExchange().With(("X-A", "1")));
        Assert.Equal("1, 2", upstream.Only.Header("x-a"));
        Assert.Equal("3", upstream.Only.Header("x-b"));
    }

    [Fact]
    public async Task Preflight_OfAnAllowedOrigin_IsAnsweredOnTheSpot()
    {
        var exchange = await RunAsync(
            new FakeUpstream(),
            Tables.Route() with { Cors = Cors, Fault = new FaultAction(0, TimeSpan.Zero, 100, 500) },
            new FakeExchange("OPTIONS").With(("origin", "https://b.example"), ("access-control-request-method", "PUT")));

        var headers = exchange.Response.Headers;
        Assert.Equal(200, exchange.Response.Status);
        Assert.Equal("", exchange.Text);
        Assert.Equal("https://b.example", headers.First("access-control-allow-origin"));
        Assert.Equal("true", headers.First("access-control-allow-credentials"));
        Assert.Equal("GET,PUT", headers.First("access-control-allow-methods"));
        Assert.Equal("x-a,x-b", headers.First("access-control-allow-headers"));
        Assert.Equal("x-c", headers.First("access-control-expose-headers"));
        Assert.Equal("300", headers.First("access-control-max-age"));
        Assert.Equal("Origin", headers.First("vary"));
    }

    [Theory]
    [InlineData("GET", "https://a.example", true)]
    [InlineData("OPTIONS", "https://a.example", true)]
    [InlineData("GET", "https://A.example", false)]
    [InlineData("GET", "https://c.example", false)]
    [InlineData("GET", null, false)]
    public async Task OtherRequest_GoesThrough_AndAnAllowedOriginIsTold(string method, string? origin, bool allowed)
    {
        var upstream = new FakeUpstream(_ => new FakeResponse(200, "", ("Access-Control-Allow-Origin", "upstreams")));
        var request = new FakeExchange(method);
        if (origin is not null)
            request.With(("origin", origin));

        var exchange = await RunAsync(upstream, Tables.Route() with { Cors = Cors }, request);

        Assert.Single(upstream.Requests);
        Assert.Equal(allowed ? origin : "upstreams", exchange.Response.Headers.Joined("access-control-allow-origin"));
        Assert.Equal(allowed ? "true" : null, exchange.Response.Headers.First("access-control-allow-credentials"));
        Assert.Equal(allowed ? "x-c" : null, exchange.Response.Headers.Joined("access-control-expose-headers"));
        Assert.Null(exchange.Response.Headers.First("access-control-allow-methods"));
        Assert.Equal("Origin", exchange.Response.Headers.Joined("vary"));
    }

    [Theory]
    [InlineData("Accept-Encoding", "Accept-Encoding, Origin")]
    [InlineData("Accept-Encoding, origin", "Accept-Encoding, origin")]
    [InlineData("*", "*")]
    [InlineData(null, "Origin")]
    public async Task AnswerUnderCors_VariesByOrigin(string? upstreams, string expected)
    {
        var upstream = new FakeUpstream(_ => upstreams is null ? new FakeResponse() : new FakeResponse(200, "", ("Vary", upstreams)));
        var exchange = await RunAsync(upstream, Tables.Route() with { Cors = Cors }, new FakeExchange());
        Assert.Equal(expected, exchange.Response.Headers.Joined("vary"));
    }

    [Fact]
    public async Task AnswerWithoutCors_SaysNothingOfOrigins()
    {
        var exchange = await RunAsync(new FakeUpstream(_ => new FakeResponse()), Tables.Route(), new FakeExchange().With(("origin", "https://a.example")));
        Assert.Null(exchange.Response.Headers.First("vary"));
    }

    [Fact]
    public async Task LocalAnswers_TellAnAllowedOriginToo()
    {
        var exchange = await RunAsync(
            new FakeUpstream(FakeResponse.Failing(UpstreamFailure.Reset)),
            Tables.Route() with { Cors = Cors with { AllowOrigins = ["*"] } },
            new FakeExchange().With(("origin", "https://x.example")));
        Assert.Equal(503, exchange.Response.Status);
        Assert.Equal("https://x.example", exchange.Response.Headers.First("access-control-allow-origin"));
    }

    [Theory]
    [InlineData(0.5, 0.0049, true)]
    [InlineData(0.5, 0.0051, false)]
    [InlineData(100, 0.999999, true)]
    [InlineData(0, 0.0, false)]
    public async Task Abort_StrikesByTrueFractions(double percent, double drawn, bool struck)
    {
        if (percent is > 0 and < 100)
            Random.Doubles.Enqueue(drawn);
        var upstream = new FakeUpstream(_ => new FakeResponse(200, "fine"));

        var exchange = await RunAsync(upstream, Tables.Route() with { Fault = new FaultAction(0, TimeSpan.Zero, percent, 418) });

        Assert.Equal(struck ? 418 : 200, exchange.Response.Status);
        Assert.Equal(struck ? "fault filter abort" : "fine", exchange.Text);
        Assert.Equal(struck ? 0 : 1, upstream.Requests.Count);
    }

    [Fact]
    public async Task Delay_ComesFirst_AndTimeoutDoesNotCountIt()
    {
        var upstream = new FakeUpstream(_ => new FakeResponse(200, "fine"));
        var route = Tables.Route() with { Fault = new FaultAction(100, TimeSpan.FromSeconds(30), 0, 0), Timeout = TimeSpan.FromSeconds(1) };
        var exchange = new FakeExchange();

        var run = Start(upstream, Tables.Of(Cluster(), route)).HandleAsync(exchange).AsTask();
        Time.Advance(TimeSpan.FromSeconds(29.9));
        Assert.Empty(upstream.Requests);
        Assert.False(run.IsCompleted);
        Time.Advance(TimeSpan.FromSeconds(0.1));
        await run;

        Assert.Equal("fine", exchange.Text);
    }

    [Fact]
    public async Task Delay_EndsWhenTheClientLeaves()
    {
        using var leave = new CancellationTokenSource();
        var exchange = new FakeExchange { Gone = leave.Token };
        var run = Start(new FakeUpstream(), Tables.Of(Cluster(), Tables.Route() with { Fault = new FaultAction(100, TimeSpan.FromHours(1), 0, 0) })).HandleAsync(exchange).AsTask();
        await leave.CancelAsync();
        await run;
        Assert.True(exchange.Aborted);
    }

    /// <summary>Cookies of several lines are one value, joined by a semicolon; other headers are joined by a comma.</summary>
    [Theory]
    [InlineData("cookie", "(.*; )?b=1(;.*)?")]
    [InlineData("x-list", "(.*, )?b=1(,.*)?")]
    public void Condition_SeesEveryLineOfAHeader(string name, string pattern)
    {
        var denied = Tables.Route() with { Rule = "default/denied", Conditions = [new Condition(ConditionTarget.Header, name, ConditionKind.Regex, pattern)] };
        var state = TableState.Create(Tables.Of(Cluster(), denied, Tables.Route()), FakeExchange.Listeners, null);
        var exchange = new FakeExchange(target: "/").With((name, "a=1"), ("accept", "*/*"), (name, "b=1"), (name, "c=1"));
        Assert.Equal("default/denied", ProxyPipeline.Match(exchange, state, FakeExchange.Listeners.Secure).Route?.Rule);
        exchange.Request.Headers.Remove(HeaderName.Of(name));
        Assert.Null(ProxyPipeline.Match(exchange, state, FakeExchange.Listeners.Secure).Route?.Rule);
        exchange.Request.Headers.Add(name, "b=1");
        Assert.Equal("default/denied", ProxyPipeline.Match(exchange, state, FakeExchange.Listeners.Secure).Route?.Rule);
    }

    [Fact]
    public void Matching_AllocatesNothing()
    {
        var hosts = new VirtualHostSet([new VirtualHost("*.example.com", [Tables.Entry(
            Tables.Route() with { Conditions = [new Condition(ConditionTarget.Header, "cookie", ConditionKind.Regex, "^(.*?;)?(user=jason)(;.*)?$")] },
            Tables.Route())])]);
        var state = TableState.Create(new RouteTable { Listeners = IngressListeners.Of(hosts, null) }, FakeExchange.Listeners, null);
        var exchange = new FakeExchange(target: "/some/path").With(("cookie", "user=other"), ("accept", "*/*"));
        for (var i = 0; i < 1000; i++)
            ProxyPipeline.Match(exchange, state, FakeExchange.Listeners.Secure);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            ProxyPipeline.Match(exchange, state, FakeExchange.Listeners.Secure);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
