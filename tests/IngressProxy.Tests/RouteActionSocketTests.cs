using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Turnpike.Routing;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

/// <summary>
/// Each action of a route once from client to endpoint, over HTTP/1.1 and HTTP/2 on both sides. (WebSocket has tests of its own.)
/// </summary>
public sealed class RouteActionSocketTests
{
    private const string Other = "default/other:80";

    public static TheoryData<string, string> Protocols => new()
    {
        { "1.1", "1.1" },
        { "1.1", "2.0" },
        { "2.0", "1.1" },
        { "2.0", "2.0" },
    };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Redirect(string client, string upstream)
    {
        await using var pair = await Pair.StartAsync(
            client,
            upstream,
            Tables.Route() with
            {
                Targets = [],
                Redirect = new RedirectAction(301, null, "new.example", "/new"),
            });
        using var answer = await pair.GetAsync("/old?x=1");
        Assert.Equal(
            (HttpStatusCode.MovedPermanently, "http://new.example/new"),
            (answer.StatusCode, answer.Headers.Location!.OriginalString));
        Assert.Empty(pair.Seen);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task RewriteAndAppend(string client, string upstream)
    {
        await using var pair = await Pair.StartAsync(client, upstream, Tables.Route(PathMatch.Prefix("/api/")) with
        {
            Rewrite = new RewriteAction("/", "internal.example"),
            AppendHeaders = [new HeaderToAppend("x-team", "blue")],
        });
        using var answer = await pair.GetAsync("/api/x?y=1", ("x-team", "red"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var seen = Assert.Single(pair.Seen);
        Assert.Equal(
            ("/x?y=1", "internal.example", "red,blue"),
            (seen.Target, seen.Host, seen.Headers["x-team"].Replace(" ", "", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Timeout(string client, string upstream)
    {
        await using var pair = await Pair.StartAsync(client, upstream, Tables.Route() with { Timeout = TimeSpan.FromMilliseconds(200) });
        using var answer = await pair.GetAsync("/hang");
        Assert.Equal(
            (HttpStatusCode.GatewayTimeout, "upstream request timeout"),
            (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancelled)));
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Retries(string client, string upstream)
    {
        await using var pair = await Pair.StartAsync(client, upstream, Tables.Route() with { Retry = new RetryPolicy(3, TimeSpan.Zero) });
        using var answer = await pair.GetAsync("/fail-twice");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(3, pair.Seen.Count);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Weights(string client, string upstream)
    {
        await using var pair = await Pair.StartAsync(client, upstream, Tables.Route() with
        {
            Targets = [new WeightedCluster(Tables.DefaultCluster, 80), new WeightedCluster(Other, 20)],
        });
        for (var i = 0; i < 200; i++)
            (await pair.GetAsync("/")).Dispose();
        // 20 % of 200, give or take five standard deviations and more.
        Assert.InRange(pair.Seen.Count(s => s.Cluster == Other), 10, 75);
        Assert.Equal(200, pair.Seen.Count);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Mirror(string client, string upstream)
    {
        await using var pair = await Pair.StartAsync(client, upstream, Tables.Route() with { MirrorCluster = Other });
        using var answer = await pair.GetAsync("/x", ("host", "a.example"));
        Assert.Equal(Tables.DefaultCluster, await answer.Content.ReadAsStringAsync(Cancelled));
        var copy = await pair.Copies.Reader.ReadAsync(Cancelled).AsTask().WaitAsync(TimeSpan.FromSeconds(20), Cancelled);
        Assert.Equal(("/x", "a.example-shadow"), (copy.Target, copy.Host));
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Cors(string client, string upstream)
    {
        await using var pair = await Pair.StartAsync(
            client,
            upstream,
            Tables.Route() with
            {
                Cors = new CorsAction(
                    ["https://app.example"],
                    ["PUT"],
                    ["x-token"],
                    ["x-a"],
                    TimeSpan.FromHours(1),
                    AllowCredentials: true),
            });
        using (
            var preflight = await pair.SendAsync(
                HttpMethod.Options,
                "/",
                ("origin", "https://app.example"),
                ("access-control-request-method", "PUT")))
        {
            Assert.Equal(HttpStatusCode.OK, preflight.StatusCode);
            Assert.Equal(
                ("PUT", "3600"),
                (
                    preflight.Headers.GetValues("access-control-allow-methods").Single(),
                    preflight.Headers.GetValues("access-control-max-age").Single()));
            Assert.Empty(pair.Seen);
        }
        using var answer = await pair.GetAsync("/", ("origin", "https://app.example"));
        Assert.Equal(
            ("https://app.example", "x-a"),
            (
                answer.Headers.GetValues("access-control-allow-origin").Single(),
                answer.Headers.GetValues("access-control-expose-headers").Single()));
        Assert.Single(pair.Seen);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Faults(string client, string upstream)
    {
        await using var pair = await Pair.StartAsync(
            client,
            upstream,
            Tables.Route(PathMatch.Prefix("/abort")) with { Fault = new FaultAction(0, TimeSpan.Zero, 100, 418) },
            Tables.Route(PathMatch.Prefix("/delay")) with { Fault = new FaultAction(100, TimeSpan.FromMilliseconds(150), 0, 0) });
        using var aborted = await pair.GetAsync("/abort");
        Assert.Equal((418, "fault filter abort"), ((int)aborted.StatusCode, await aborted.Content.ReadAsStringAsync(Cancelled)));
        Assert.Empty(pair.Seen);
        var began = Stopwatch.GetTimestamp();
        using var delayed = await pair.GetAsync("/delay");
        Assert.Equal(HttpStatusCode.OK, delayed.StatusCode);
        Assert.True(Stopwatch.GetElapsedTime(began) >= TimeSpan.FromMilliseconds(140));
    }

    /// <summary>The part of a request that an endpoint saw.</summary>
    private sealed record Request(string Cluster, string Target, string Host, IReadOnlyDictionary<string, string> Headers);

    /// <summary>A proxy before the endpoints of two clusters.</summary>
    private sealed class Pair : IAsyncDisposable
    {
        private readonly KestrelUpstream[] _upstreams;
        private readonly TestProxy _proxy;
        private readonly Version _version;

        private Pair(KestrelUpstream[] upstreams, TestProxy proxy, Version version) =>
            (_upstreams, _proxy, _version) = (upstreams, proxy, version);

        public ConcurrentQueue<Request> Seen { get; private init; } = [];

        /// <summary>The requests that the other cluster saw.</summary>
        public System.Threading.Channels.Channel<Request> Copies { get; private init; } =
            System.Threading.Channels.Channel.CreateUnbounded<Request>();

        public static async Task<Pair> StartAsync(string client, string upstream, params Route[] routes)
        {
            var seen = new ConcurrentQueue<Request>();
            var copies = System.Threading.Channels.Channel.CreateUnbounded<Request>();
            var (protocols, protocol) =
                upstream == "2.0" ? (HttpProtocols.Http2, UpstreamProtocol.Http2) : (HttpProtocols.Http1, UpstreamProtocol.Http1);
            async Task AnswerAsync(HttpContext context, string cluster)
            {
                var request = new Request(
                    cluster,
                    context.Request.Path + context.Request.QueryString,
                    context.Request.Host.Value ?? "",
                    context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase));
                seen.Enqueue(request);
                if (cluster == Other)
                    Assert.True(copies.Writer.TryWrite(request));
                if (context.Request.Path == "/hang")
                    await Wait.Forever(context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (context.Request.Path == "/fail-twice" && seen.Count < 3)
                    context.Response.StatusCode = 503;
                await context.Response.WriteAsync(cluster, context.RequestAborted);
            }

            KestrelUpstream[] upstreams =
            [
                await KestrelUpstream.StartAsync(context => AnswerAsync(context, Tables.DefaultCluster), protocols),
                await KestrelUpstream.StartAsync(context => AnswerAsync(context, Other), protocols),
            ];
            var proxy = await TestProxy.StartAsync(Tables.Of(
                [
                    Tables.Cluster(upstreams[0].EndPoint) with { Protocol = protocol },
                    Tables.Cluster(Other, upstreams[1].EndPoint) with { Protocol = protocol },
                ],
                routes));
            return new Pair(upstreams, proxy, Version.Parse(client)) { Seen = seen, Copies = copies };
        }

        public Task<HttpResponseMessage> GetAsync(string target, params (string Name, string Value)[] headers) =>
            SendAsync(HttpMethod.Get, target, headers);

        public Task<HttpResponseMessage> SendAsync(HttpMethod method, string target, params (string Name, string Value)[] headers) =>
            _proxy.SendAsync(_proxy.Request(method, target, headers), _version, Cancelled);

        public async ValueTask DisposeAsync()
        {
            await _proxy.DisposeAsync();
            foreach (var upstream in _upstreams)
                await upstream.DisposeAsync();
        }
    }
}
