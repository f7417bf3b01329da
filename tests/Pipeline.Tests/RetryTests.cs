using System.Text;
using Turnpike.Pipeline;
using Turnpike.Pipeline.Metrics;
using Turnpike.Routing;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.Pipeline;

/// <summary>Timeouts, retries, load balancing and mirrors.</summary>
public sealed class RetryTests : PipelineTest
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task Timeout_Is504()
    {
        var upstream = new FakeUpstream(Never);
        var exchange = new FakeExchange();
        var run = Start(upstream, Tables.Of(Cluster(), Tables.Route() with { Timeout = TimeSpan.FromSeconds(3) })).HandleAsync(exchange).AsTask();

        Time.Advance(TimeSpan.FromSeconds(2.999));
        Assert.False(run.IsCompleted);
        Time.Advance(TimeSpan.FromSeconds(0.001));
        await run;

        Assert.Equal(504, exchange.Response.Status);
        Assert.Equal("upstream request timeout", exchange.Text);
        Assert.Equal("text/plain", exchange.Response.Headers.First("content-type"));
    }

    [Fact]
    public async Task ZeroTimeout_IsNone()
    {
        var upstream = new FakeUpstream(Never);
        using var leave = new CancellationTokenSource();
        var exchange = new FakeExchange { Gone = leave.Token };
        var run = Start(upstream, Tables.Of(Cluster(), Tables.Route() with { Timeout = TimeSpan.Zero })).HandleAsync(exchange).AsTask();
        Time.Advance(TimeSpan.FromDays(1));
        Assert.False(run.IsCompleted);
        await leave.CancelAsync();
        await run;
        Assert.True(exchange.Aborted);
    }

    [Theory]
    [InlineData("GET", 5, 503, 3)]
    [InlineData("GET", 2, 200, 3)]
    [InlineData("PUT", 1, 200, 2)]
    [InlineData("POST", 1, 503, 1)]
    public async Task FailedAnswers_AreRetried_WhereThatIsSafe(string method, int failures, int status, int tries)
    {
        var left = failures;
        var upstream = new FakeUpstream(_ => left-- > 0 ? new FakeResponse(503, "bad") : new FakeResponse(200, "good"));

        var exchange = await RunInTimeAsync(upstream, Table(2), Step, new FakeExchange(method));

        Assert.Equal(status, exchange.Response.Status);
        Assert.Equal(status == 200 ? "good" : "bad", exchange.Text);
        Assert.Equal(tries, upstream.Requests.Count);
    }

    [Theory]
    [InlineData("GET", nameof(UpstreamFailure.Reset), 2)]
    [InlineData("POST", nameof(UpstreamFailure.Reset), 1)]
    [InlineData("POST", nameof(UpstreamFailure.Connect), 2)]
    [InlineData("POST", nameof(UpstreamFailure.Refused), 2)]
    public async Task BrokenTries_AreRetried_WhereThatIsSafe(string method, string failure, int tries)
    {
        var upstream = new FakeUpstream(FakeResponse.Failing(Enum.Parse<UpstreamFailure>(failure)), new FakeResponse(200, "good"));

        var exchange = await RunInTimeAsync(upstream, Table(1), Step, new FakeExchange(method));

        Assert.Equal(tries, upstream.Requests.Count);
        Assert.Equal(tries == 2 ? 200 : 503, exchange.Response.Status);
    }

    [Fact]
    public async Task Overload_IsNotMadeWorse()
    {
        var upstream = new FakeUpstream(new FakeResponse(503, "", ("x-envoy-overloaded", "true")));
        var exchange = await RunInTimeAsync(upstream, Table(3), Step);
        Assert.Equal(503, exchange.Response.Status);
    }

    [Fact]
    public async Task BackOff_GrowsFromTryToTry()
    {
        var tries = new List<DateTimeOffset>();
        var upstream = new FakeUpstream(_ =>
        {
            tries.Add(Time.GetUtcNow());
            return new FakeResponse(503);
        });
        foreach (var drawn in new[] { 1.0, 1.0, 1.0 })
            Random.Doubles.Enqueue(drawn);

        await RunInTimeAsync(upstream, Table(3), TimeSpan.FromMilliseconds(1));

        var waits = tries.Zip(tries.Skip(1), (a, b) => (b - a).TotalMilliseconds).ToArray();
        Assert.InRange(waits[0], 25, 40);
        Assert.InRange(waits[1], 75, 90);
        Assert.InRange(waits[2], 175, 190);
    }

    [Fact]
    public async Task PerTryTimeout_EndsATry_WithoutATotal()
    {
        var tries = 0;
        var upstream = new FakeUpstream((sent, cancellationToken) => ++tries < 3 ? Never(sent, cancellationToken) : Task.FromResult(new FakeResponse(200, "good")));
        var route = Tables.Route() with { Timeout = TimeSpan.Zero, Retry = new RetryPolicy(2, TimeSpan.FromSeconds(1)) };

        var exchange = await RunInTimeAsync(upstream, Tables.Of(Cluster(), route), Step);

        Assert.Equal("good", exchange.Text);
        Assert.Equal(3, upstream.Requests.Count);
    }

    [Fact]
    public async Task PerTryTimeout_OfTheLastTry_Is504()
    {
        var route = Tables.Route() with { Timeout = TimeSpan.Zero, Retry = new RetryPolicy(1, TimeSpan.FromSeconds(1)) };
        var exchange = await RunInTimeAsync(new FakeUpstream(Never), Tables.Of(Cluster(), route), Step);
        Assert.Equal(504, exchange.Response.Status);
    }

    [Fact]
    public async Task Total_CoversAllTries()
    {
        var upstream = new FakeUpstream(Never);
        var route = Tables.Route() with { Timeout = TimeSpan.FromSeconds(2.5), Retry = new RetryPolicy(10, TimeSpan.FromSeconds(1)) };
        var exchange = await RunInTimeAsync(upstream, Tables.Of(Cluster(), route), TimeSpan.FromMilliseconds(10));
        Assert.Equal(504, exchange.Response.Status);
        Assert.InRange(upstream.Requests.Count, 2, 3);
    }

    [Theory]
    [InlineData(1000, 2)]
    [InlineData(1024 * 1024, 2)]
    [InlineData(1024 * 1024 + 1, 1)]
    public async Task Body_IsReplayed_UnlessItIsTooLarge(int size, int tries)
    {
        var body = new string('x', size);
        var upstream = new FakeUpstream(new FakeResponse(503), new FakeResponse(200));

        await RunInTimeAsync(upstream, Table(1), Step, new FakeExchange("PUT", body: new MemoryBody(Encoding.ASCII.GetBytes(body))));

        Assert.Equal(tries, upstream.Requests.Count);
        Assert.All(upstream.Requests, r => Assert.Equal(body, r.Body));
    }

    [Fact]
    public async Task OtherEndpoint_IsTriedFirst()
    {
        var upstream = new FakeUpstream(_ => new FakeResponse(503));
        var table = Tables.Of(Cluster(3) with { LoadBalancing = LoadBalancing.Random }, Tables.Route() with { Retry = new RetryPolicy(1, TimeSpan.Zero) });
        // The second drawn is the one that just failed.
        foreach (var drawn in new[] { 1, 1, 2 })
            Random.Integers.Enqueue(drawn);

        await RunInTimeAsync(upstream, table, Step);

        Assert.Equal(["10.0.0.2", "10.0.0.3"], upstream.Requests.Select(r => r.Request.Endpoint.Endpoint.Address));
    }

    [Fact]
    public async Task Budget_IsThreeRetriesAtATime_ForEachCluster()
    {
        // The first tries fail, the second ones stay where they are.
        var seen = new HashSet<string>();
        var release = new TaskCompletionSource();
        var upstream = new FakeUpstream(async (sent, _) =>
        {
            if (seen.Add(sent.Target))
                return new FakeResponse(503, "bad");
            await release.Task;
            return new FakeResponse(200, "good");
        });
        var pipeline = Start(upstream, Table(3));
        var exchanges = Enumerable.Range(0, 5).Select(i => new FakeExchange(target: $"/{i}")).ToArray();
        foreach (var none in new[] { 0.0, 0.0, 0.0 })
            Random.Doubles.Enqueue(none);

        var runs = exchanges.Select(e => pipeline.HandleAsync(e).AsTask()).ToArray();

        await Task.WhenAll(runs[3..]);
        Assert.All(exchanges[3..], e => Assert.Equal("bad", e.Text));
        Assert.Equal(2, Metrics.OverflowsOf(CircuitLimit.Retries));
        Assert.All(runs[..3], r => Assert.False(r.IsCompleted));
        Assert.Equal(5 + 3, upstream.Requests.Count);
        release.SetResult();
        await Task.WhenAll(runs);
        Assert.All(exchanges[..3], e => Assert.Equal("good", e.Text));

        // Those that are over have made room.
        Random.Doubles.Enqueue(0);
        var after = new FakeExchange(target: "/after");
        await pipeline.HandleAsync(after);
        Assert.Equal("good", after.Text);
    }

    [Fact]
    public async Task RoundRobin_GoesOn_AcrossSwaps()
    {
        var upstream = new FakeUpstream(_ => new FakeResponse());
        var pipeline = Start(upstream, Tables.Of(Cluster(3), Tables.Route()));
        for (var i = 0; i < 6; i++)
        {
            await pipeline.HandleAsync(new FakeExchange());
            pipeline.Swap(Tables.Of(Cluster(3), Tables.Route()));
        }
        Assert.Equal(["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.1", "10.0.0.2", "10.0.0.3"], upstream.Requests.Select(r => r.Request.Endpoint.Endpoint.Address));
    }

    [Fact]
    public async Task LeastRequest_AvoidsTheBusy()
    {
        var release = new TaskCompletionSource<FakeResponse>();
        var upstream = new FakeUpstream((_, _) => release.Task);
        var pipeline = Start(upstream, Tables.Of(Cluster(2) with { LoadBalancing = LoadBalancing.LeastRequest }, Tables.Route()));

        var runs = Enumerable.Range(0, 10).Select(_ => pipeline.HandleAsync(new FakeExchange()).AsTask()).ToArray();

        Assert.Equal([5, 5], upstream.Requests.GroupBy(r => r.Request.Endpoint).Select(g => g.Count()));
        Assert.All(upstream.Requests, r => Assert.Equal(5, r.Request.Endpoint.Active));
        release.SetResult(new FakeResponse());
        await Task.WhenAll(runs);
        Assert.All(upstream.Requests, r => Assert.Equal(0, r.Request.Endpoint.Active));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("some body")]
    public async Task Mirror_GetsACopy_AndNobodyWaits(string? body)
    {
        var never = new TaskCompletionSource<FakeResponse>();
        var upstream = new FakeUpstream((sent, _) => sent.Request.Endpoint.Endpoint.Address == "10.0.0.9" ? never.Task : Task.FromResult(new FakeResponse(200, "real")));
        var mirror = new Cluster { Name = "mirror", Endpoints = [new Endpoint("10.0.0.9", 80)] };
        var table = Tables.Of([Cluster(), mirror], Tables.Route() with { MirrorCluster = "mirror" });

        var exchange = await RunAsync(upstream, table, new FakeExchange("POST", "/x", body is null ? null : new MemoryBody(Encoding.ASCII.GetBytes(body))).With(("x-a", "1")));

        Assert.Equal("real", exchange.Text);
        var copy = Assert.Single(upstream.Requests, r => r.Request.Endpoint.Endpoint.Address == "10.0.0.9");
        Assert.Equal("a.example.com-shadow:8080", copy.Host);
        Assert.Equal("POST", copy.Method);
        Assert.Equal("/x", copy.Target);
        Assert.Equal("1", copy.Header("x-a"));
        Assert.Equal(body ?? "", copy.Body);
        never.SetResult(FakeResponse.Failing(UpstreamFailure.Reset));
    }

    [Fact]
    public async Task Mirror_OfALargeBody_IsAbandoned()
    {
        var upstream = new FakeUpstream(_ => new FakeResponse(200, "real"));
        var mirror = new Cluster { Name = "mirror", Endpoints = [new Endpoint("10.0.0.9", 80)] };
        var body = new string('x', BodyBudget.PerRequest + 1);

        var exchange = await RunAsync(upstream, Tables.Of([Cluster(), mirror], Tables.Route() with { MirrorCluster = "mirror" }), new FakeExchange("POST", body: new MemoryBody(Encoding.ASCII.GetBytes(body))));

        Assert.Equal("real", exchange.Text);
        Assert.Equal(body, upstream.Only.Body);
    }

    [Fact]
    public async Task AnswerThatBreaksOff_IsAborted()
    {
        var upstream = new FakeUpstream(_ => new FakeResponse(200, "begun") { BreaksOff = true });
        var exchange = await RunAsync(upstream, Tables.Route() with { Retry = new RetryPolicy(3, TimeSpan.Zero) });
        Assert.True(exchange.Aborted);
        Assert.Single(upstream.Requests);
    }

    private static RouteTable Table(int attempts) => Tables.Of(Cluster(), Tables.Route() with { Retry = new RetryPolicy(attempts, TimeSpan.Zero) });

    private static async Task<FakeResponse> Never(Sent sent, CancellationToken cancellationToken)
    {
        await Wait.Forever(cancellationToken);
        return new FakeResponse();
    }
}
