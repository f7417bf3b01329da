using System.Text;
using Turnpike.Pipeline;
using Turnpike.Pipeline.Metrics;
using Turnpike.Primitives;
using Turnpike.Routing;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.Pipeline;

/// <summary>Endpoints that take no connections, and clusters that are asked for too much.</summary>
public sealed class ProtectionTests : PipelineTest
{
    private const string Dead = "10.0.0.1";

    private static readonly RouteTable TwoEndpoints = Tables.Of(Cluster(2), Tables.Route());

    private readonly HashSet<string> _dead = [Dead];

    [Theory]
    [InlineData(LoadBalancing.RoundRobin)]
    [InlineData(LoadBalancing.Random)]
    [InlineData(LoadBalancing.LeastRequest)]
    public async Task EndpointThatRefuses_IsPassedOver(LoadBalancing policy)
    {
        var upstream = Upstream();
        var pipeline = Start(upstream, Tables.Of(Cluster(3) with { LoadBalancing = policy }, Tables.Route()));

        for (var i = 0; i < 100; i++)
            Assert.Equal(200, await StatusAsync(pipeline));

        Assert.Equal(1, To(upstream, Dead));
        Assert.Equal(1, Metrics.Ejections);
        Assert.Equal(1, Metrics.ConnectFailures);
        Assert.Equal(1, pipeline.EjectedEndpoints);
        // The others take the same share of what it does not take.
        if (policy == LoadBalancing.RoundRobin)
            Assert.Equal(To(upstream, "10.0.0.2"), To(upstream, "10.0.0.3"));
    }

    [Fact]
    public async Task Probe_IsOneRequest_AndTheTimeGrows()
    {
        var upstream = Upstream();
        var pipeline = Start(upstream, TwoEndpoints);
        await SomeAsync(pipeline);
        var probes = 1;
        foreach (var seconds in new[] { 1, 2, 4, 8, 16, 30, 30 })
        {
            Time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            await SomeAsync(pipeline);
            Assert.Equal(probes, To(upstream, Dead));
            Time.Advance(TimeSpan.FromMilliseconds(1));
            await SomeAsync(pipeline);
            Assert.Equal(++probes, To(upstream, Dead));
        }
        Assert.Equal(probes, Metrics.Ejections);
    }

    [Fact]
    public async Task Success_OfTheProbe_ClearsIt()
    {
        var upstream = Upstream();
        var pipeline = Start(upstream, TwoEndpoints);
        await SomeAsync(pipeline);
        Time.Advance(TimeSpan.FromSeconds(1));
        await SomeAsync(pipeline);
        _dead.Clear();
        Time.Advance(TimeSpan.FromSeconds(2));

        await SomeAsync(pipeline);

        Assert.InRange(To(upstream, Dead), 2 + 4, 2 + 6);
        Assert.Equal(0, pipeline.EjectedEndpoints);
        // The time of ejection begins at one second again.
        _dead.Add(Dead);
        await SomeAsync(pipeline);
        var sofar = To(upstream, Dead);
        Time.Advance(TimeSpan.FromSeconds(1));
        await SomeAsync(pipeline);
        Assert.Equal(sofar + 1, To(upstream, Dead));
    }

    [Fact]
    public async Task OthersWait_WhileTheProbeIsUnderWay()
    {
        var probe = new TaskCompletionSource<FakeResponse>();
        var first = true;
        var upstream = new FakeUpstream((sent, _) =>
        {
            if (AddressOf(sent) != Dead)
                return Task.FromResult(new FakeResponse());
            var answer = first ? Task.FromResult(FakeResponse.Failing(UpstreamFailure.Connect)) : probe.Task;
            first = false;
            return answer;
        });
        var pipeline = Start(upstream, TwoEndpoints);
        await SomeAsync(pipeline);
        Time.Advance(TimeSpan.FromSeconds(1));

        var runs = Enumerable.Range(0, 10).Select(_ => pipeline.HandleAsync(new FakeExchange()).AsTask()).ToArray();

        Assert.Equal(2, To(upstream, Dead));
        Assert.Equal(1, runs.Count(r => !r.IsCompleted));
        probe.SetResult(new FakeResponse());
        await Task.WhenAll(runs);
    }

    [Fact]
    public async Task ManyFailuresAtOnce_AreOne()
    {
        var fail = new TaskCompletionSource<FakeResponse>();
        var failing = true;
        var upstream = new FakeUpstream((sent, _) => failing && AddressOf(sent) == Dead ? fail.Task : Task.FromResult(new FakeResponse()));
        var pipeline = Start(upstream, TwoEndpoints);
        var runs = Enumerable.Range(0, 20).Select(_ => pipeline.HandleAsync(new FakeExchange()).AsTask()).ToArray();
        fail.SetResult(FakeResponse.Failing(UpstreamFailure.Connect));
        await Task.WhenAll(runs);
        Assert.Equal(10, Metrics.ConnectFailures);
        Assert.Equal(1, Metrics.Ejections);

        failing = false;
        var sofar = To(upstream, Dead);
        Time.Advance(TimeSpan.FromSeconds(1));
        await SomeAsync(pipeline);
        Assert.InRange(To(upstream, Dead) - sofar, 4, 6);
    }

    [Fact]
    public async Task AllEjected_AreAllUsed()
    {
        _dead.Add("10.0.0.2");
        var upstream = Upstream();
        var pipeline = Start(upstream, TwoEndpoints);
        for (var i = 0; i < 3; i++)
            Assert.Equal(503, await StatusAsync(pipeline));
        Assert.Equal(2, pipeline.EjectedEndpoints);

        _dead.Clear();
        for (var i = 0; i < 10; i++)
            Assert.Equal(200, await StatusAsync(pipeline));
        // One has proved itself; the other waits for its probe.
        Assert.Equal(1, pipeline.EjectedEndpoints);
        Time.Advance(TimeSpan.FromSeconds(1));
        await SomeAsync(pipeline);
        Assert.Equal(0, pipeline.EjectedEndpoints);
    }

    [Theory]
    [InlineData(UpstreamFailure.Reset)]
    [InlineData(UpstreamFailure.Refused)]
    [InlineData(null)]
    public async Task OtherFailures_EjectNobody(object? failure)
    {
        var upstream = new FakeUpstream(_ => failure is UpstreamFailure kind ? FakeResponse.Failing(kind) : new FakeResponse(500));
        var pipeline = Start(upstream, TwoEndpoints);
        await SomeAsync(pipeline);
        Assert.Equal(0, Metrics.Ejections);
        Assert.Equal(5, To(upstream, Dead));
    }

    [Fact]
    public async Task Ejection_OutlivesTheTable()
    {
        var upstream = Upstream();
        var pipeline = Start(upstream, TwoEndpoints);
        await SomeAsync(pipeline);
        pipeline.Swap(Tables.Of(Cluster(3), Tables.Route()));
        await SomeAsync(pipeline);
        Assert.Equal(1, To(upstream, Dead));
    }

    [Fact]
    public async Task Picking_AllocatesNothing_EvenWithEjections()
    {
        var upstream = Upstream();
        await SomeAsync(Start(upstream, TwoEndpoints));
        foreach (var policy in Enum.GetValues<LoadBalancing>())
        {
            var state = ClusterState.Create(Cluster(3) with { LoadBalancing = policy }, null, CircuitLimits.Default);
            state.Pick(Random, Time)!.Failed(UpstreamFailure.Connect, Metrics, Time);
            var gate = state.Circuits.LimiterOf(UpstreamProtocol.Http1);
            long allocated = 0;
            for (var round = 0; round < 2; round++)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                for (var i = 0; i < 1000; i++)
                {
                    Assert.True(gate.TryEnter());
                    state.Pick(Random, Time);
                    gate.Leave();
                }
                allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            }
            Assert.Equal(0, allocated);
        }
    }

    [Theory]
    [InlineData(UpstreamProtocol.Http1)]
    [InlineData(UpstreamProtocol.Http2)]
    public async Task Overflow_Is503_AndNobodyTriesAgain(UpstreamProtocol protocol)
    {
        var release = new TaskCompletionSource<FakeResponse>();
        var upstream = new FakeUpstream((_, _) => release.Task);
        // The limits of the other protocol are not looked at.
        var limits = protocol == UpstreamProtocol.Http1
            ? new CircuitLimits { Connections = 2, PendingRequests = 1, Requests = 1 }
            : new CircuitLimits { Requests = 3, Connections = 1, PendingRequests = 1 };
        var pipeline = Start(upstream, Limited(limits, protocol, Tables.Route() with { Retry = new RetryPolicy(3, TimeSpan.Zero) }));
        var inside = Enumerable.Range(0, 3).Select(_ => pipeline.HandleAsync(new FakeExchange()).AsTask()).ToArray();

        var exchange = new FakeExchange();
        await pipeline.HandleAsync(exchange);

        Assert.Equal(503, exchange.Response.Status);
        Assert.Equal("true", exchange.Response.Headers.First("x-envoy-overloaded"));
        Assert.Equal(LocalReply.UpstreamReset, exchange.Text);
        Assert.Equal(1, Metrics.OverflowsOf(CircuitLimit.Requests));
        Assert.Equal(protocol == UpstreamProtocol.Http1 ? 2 : 3, upstream.Requests.Count);
        release.SetResult(new FakeResponse());
        await Task.WhenAll(inside);
        // All of them left.
        Assert.Equal(3, upstream.Requests.Count);
        Assert.Equal(200, await StatusAsync(pipeline));
    }

    [Fact]
    public async Task PendingRequests_HaveTheirTurn_InOrder()
    {
        var answers = new List<TaskCompletionSource<FakeResponse>>();
        var upstream = new FakeUpstream((_, _) =>
        {
            answers.Add(new TaskCompletionSource<FakeResponse>());
            return answers[^1].Task;
        });
        var pipeline = Start(upstream, Limited(new CircuitLimits { Connections = 1 }, Tables.Route()));
        var runs = Enumerable.Range(0, 4).Select(i => pipeline.HandleAsync(new FakeExchange(target: $"/{i}")).AsTask()).ToArray();
        for (var i = 0; i < 4; i++)
        {
            await Wait.Until(() => answers.Count > i, "the request");
            Assert.Equal($"/{i}", upstream.Requests[i].Target);
            Assert.Equal(i + 1, upstream.Requests.Count);
            answers[i].SetResult(new FakeResponse());
            await runs[i];
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PendingRequest_TimesOut_WithOrWithoutABody(bool withBody)
    {
        // The one that is inside has no timeout, so that the other's turn does not come.
        var release = new TaskCompletionSource<FakeResponse>();
        var upstream = new FakeUpstream((_, _) => release.Task);
        var pipeline = Start(upstream, Limited(
            new CircuitLimits { Connections = 1 },
            Tables.Route(PathMatch.Exact("/inside")) with { Timeout = TimeSpan.Zero },
            Tables.Route() with { Timeout = TimeSpan.FromSeconds(3) }));
        var inside = pipeline.HandleAsync(new FakeExchange(target: "/inside")).AsTask();
        var exchange = withBody ? new FakeExchange("POST", body: new MemoryBody(Encoding.ASCII.GetBytes("body"))) : new FakeExchange();
        var waiting = pipeline.HandleAsync(exchange).AsTask();

        Time.Advance(TimeSpan.FromSeconds(2.9));
        Assert.False(waiting.IsCompleted);
        Time.Advance(TimeSpan.FromSeconds(0.1));
        await waiting;

        Assert.Equal(504, exchange.Response.Status);
        Assert.Single(upstream.Requests);
        release.SetResult(new FakeResponse());
        await inside;
        Assert.Equal(200, await StatusAsync(pipeline));
    }

    [Fact]
    public async Task PendingRequest_WhoseClientLeaves_LeavesTheQueue()
    {
        var release = new TaskCompletionSource<FakeResponse>();
        var upstream = new FakeUpstream((_, _) => release.Task);
        var pipeline = Start(upstream, Limited(new CircuitLimits { Connections = 1, PendingRequests = 1 }, Tables.Route() with { Timeout = TimeSpan.Zero }));
        var inside = pipeline.HandleAsync(new FakeExchange()).AsTask();
        using var leave = new CancellationTokenSource();
        var gone = new FakeExchange { Gone = leave.Token };
        var waiting = pipeline.HandleAsync(gone).AsTask();
        await leave.CancelAsync();
        await waiting;
        Assert.True(gone.Aborted);

        var next = pipeline.HandleAsync(new FakeExchange()).AsTask();
        release.SetResult(new FakeResponse());
        await Task.WhenAll(inside, next);
        Assert.Equal(0, Metrics.OverflowsOf(CircuitLimit.Requests));
        Assert.Equal(2, upstream.Requests.Count);
    }

    [Fact]
    public async Task Unlimited_IsUnlimited_AndLimitsAreForEachCluster()
    {
        var release = new TaskCompletionSource<FakeResponse>();
        var upstream = new FakeUpstream((_, _) => release.Task);
        var unlimited = Start(upstream, Limited(new CircuitLimits { Connections = CircuitLimits.Unlimited }, Tables.Route()));
        var runs = Enumerable.Range(0, 3000).Select(_ => unlimited.HandleAsync(new FakeExchange()).AsTask()).ToList();
        Assert.Equal(3000, upstream.Requests.Count);

        var one = new CircuitLimits { Connections = 1, PendingRequests = 1 };
        var two = Start(upstream, Tables.Of([Cluster(1, "a"), Cluster(1, "b")], Tables.Route(PathMatch.Prefix("/a"), "a"), Tables.Route(PathMatch.Prefix("/b"), "b")) with { Settings = new ProxySettings { Limits = one } });
        runs.AddRange([two.HandleAsync(new FakeExchange(target: "/a")).AsTask(), two.HandleAsync(new FakeExchange(target: "/b")).AsTask()]);
        Assert.Equal(3002, upstream.Requests.Count);
        release.SetResult(new FakeResponse());
        await Task.WhenAll(runs);
    }

    [Fact]
    public async Task BackOff_HoldsNoPlace()
    {
        var upstream = new FakeUpstream(sent => sent.Target == "/bad" ? new FakeResponse(503) : new FakeResponse());
        var pipeline = Start(upstream, Limited(new CircuitLimits { Connections = 1 }, Tables.Route() with { Retry = new RetryPolicy(1, TimeSpan.Zero) }));
        Random.Doubles.Enqueue(0.5);
        var backingOff = pipeline.HandleAsync(new FakeExchange(target: "/bad")).AsTask();
        Assert.False(backingOff.IsCompleted);

        Assert.Equal(200, await StatusAsync(pipeline));

        Time.Advance(TimeSpan.FromSeconds(1));
        await backingOff;
    }

    private static RouteTable Limited(CircuitLimits limits, params Route[] routes) => Limited(limits, UpstreamProtocol.Http1, routes);

    private static RouteTable Limited(CircuitLimits limits, UpstreamProtocol protocol, params Route[] routes) =>
        Tables.Of(Cluster(1) with { Protocol = protocol }, routes) with { Settings = new ProxySettings { Limits = limits } };

    private static string AddressOf(Sent sent) => sent.Request.Endpoint.Endpoint.Address;

    private static int To(FakeUpstream upstream, string address) => upstream.Requests.Count(r => AddressOf(r) == address);

    private static async Task<int> StatusAsync(ProxyPipeline pipeline)
    {
        var exchange = new FakeExchange();
        await pipeline.HandleAsync(exchange);
        return exchange.Response.Status;
    }

    private static async Task SomeAsync(ProxyPipeline pipeline)
    {
        for (var i = 0; i < 10; i++)
            await StatusAsync(pipeline);
    }

    private FakeUpstream Upstream() =>
        new(sent => _dead.Contains(AddressOf(sent)) ? FakeResponse.Failing(UpstreamFailure.Connect) : new FakeResponse());
}
