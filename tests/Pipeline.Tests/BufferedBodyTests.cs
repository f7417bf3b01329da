using System.Text;
using Turnpike.Pipeline;
using Turnpike.Pipeline.Metrics;
using Turnpike.Routing;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.Pipeline;

/// <summary>The memory that copies of request bodies take, and that it comes back on every way out.</summary>
public sealed class BufferedBodyTests : PipelineTest
{
    private const int Chunk = BodyBudget.ChunkSize;

    [Theory]
    [InlineData(3 * Chunk, 2)]
    [InlineData((3 * Chunk) + 1, 1)]
    public async Task BodyBeyondTheBudget_PassesThrough_AndIsNotRepeated(int size, int tries)
    {
        var body = new string('x', size);
        var budget = new BodyBudget(3 * Chunk, Metrics);
        var upstream = new FakeUpstream(new FakeResponse(503), new FakeResponse(200));

        var exchange = await RunAsync(upstream, Retrying, Post(body), budget);

        Assert.Equal(tries == 2 ? 200 : 503, exchange.Response.Status);
        Assert.Equal(tries, upstream.Requests.Count);
        Assert.All(upstream.Requests, r => Assert.Equal(body, r.Body));
        Assert.Equal(0, budget.Used);
        Assert.Equal(tries == 2 ? 0 : 1, Metrics.BodiesNotBuffered);
    }

    [Fact]
    public async Task BodyBeyondTheBudget_IsNotMirrored()
    {
        var budget = new BodyBudget(Chunk, Metrics);
        var upstream = new FakeUpstream(_ => new FakeResponse(200, "real"));
        var mirror = new Cluster { Name = "mirror", Endpoints = [new Endpoint("10.0.0.9", 80)] };
        var table = Tables.Of([Cluster(), mirror], Tables.Route() with { MirrorCluster = "mirror" });

        var exchange = await RunAsync(upstream, table, Post(new string('x', Chunk + 1)), budget);

        Assert.Equal("real", exchange.Text);
        Assert.Equal(Chunk + 1, upstream.Only.Body.Length);
        Assert.Equal(0, budget.Used);
    }

    [Fact]
    public async Task Mirror_HoldsItsCopy_UntilItIsSent()
    {
        var budget = new BodyBudget(10 * Chunk, Metrics);
        var release = new TaskCompletionSource();
        var upstream = new FakeUpstream(async (sent, _) =>
        {
            if (sent.Request.Endpoint.Endpoint.Address == "10.0.0.9")
                await release.Task;
            return new FakeResponse(200, "real");
        });
        var mirror = new Cluster { Name = "mirror", Endpoints = [new Endpoint("10.0.0.9", 80)] };
        var table = Tables.Of([Cluster(), mirror], Tables.Route() with { MirrorCluster = "mirror" });

        await RunAsync(upstream, table, Post(new string('x', Chunk + 1)), budget);

        Assert.Equal(2 * Chunk, budget.Used);
        release.SetResult();
        while (budget.Used > 0)
            await Task.Yield();
        Assert.All(upstream.Requests, r => Assert.Equal(Chunk + 1, r.Body.Length));
    }

    [Fact]
    public async Task ManyUnfinishedBodies_TakeNoMoreThanTheBudget()
    {
        var budget = new BodyBudget(20 * Chunk, Metrics);
        var upstream = new FakeUpstream(_ => new FakeResponse());
        var pipeline = Start(upstream, Retrying, budget);
        var bodies = Enumerable.Range(0, 100).Select(_ => new StuckBody(10 * Chunk)).ToArray();

        var runs = bodies.Select(b => pipeline.HandleAsync(new FakeExchange("PUT", body: b)).AsTask()).ToArray();
        foreach (var body in bodies)
            await body.Stuck.Task;

        Assert.InRange(budget.Used, 1, 20 * Chunk);
        Assert.InRange(Metrics.BodiesNotBuffered, 98, 100);
        foreach (var body in bodies)
            body.Release.SetResult();
        await Task.WhenAll(runs);
        Assert.Equal(0, budget.Used);
    }

    [Fact]
    public async Task RequestBeyondTheMemory_IsAnsweredAtOnce_AndMakesRoomWhenItIsOver()
    {
        var release = new TaskCompletionSource();
        var upstream = new FakeUpstream(async (_, _) =>
        {
            await release.Task;
            return new FakeResponse();
        });
        var large = new string('x', 60_000);
        var memory = new RequestBudget(2 * RequestBudget.CostOf(new FakeExchange().With(("x", large))));
        var pipeline = Start(upstream, Tables.Of(Cluster(), Tables.Route()), memory: memory);

        var runs = Enumerable.Range(0, 2).Select(_ => pipeline.HandleAsync(new FakeExchange().With(("x", large))).AsTask()).ToArray();
        var beyond = new FakeExchange().With(("x", large));
        await pipeline.HandleAsync(beyond);

        Assert.Equal(503, beyond.Response.Status);
        Assert.Equal(1, Metrics.OverflowsOf(CircuitLimit.Memory));
        release.SetResult();
        await Task.WhenAll(runs);
        Assert.Equal(0, memory.Used);
    }

    private static RouteTable Retrying => Tables.Of(Cluster(), Tables.Route() with { Retry = new RetryPolicy(1, TimeSpan.Zero) });

    private static FakeExchange Post(string body) => new("PUT", body: new MemoryBody(Encoding.ASCII.GetBytes(body)));

    private async Task<FakeExchange> RunAsync(FakeUpstream upstream, RouteTable table, FakeExchange exchange, BodyBudget budget)
    {
        Random.Doubles.Enqueue(0);
        await Start(upstream, table, budget).HandleAsync(exchange);
        return exchange;
    }

    /// <summary>Comes, and then does not end.</summary>
    private sealed class StuckBody(int size) : BodyReader
    {
        private int _left = size;

        public TaskCompletionSource Stuck { get; } = new();

        public TaskCompletionSource Release { get; } = new();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            if (_left == 0)
            {
                Stuck.TrySetResult();
                await Release.Task;
                return 0;
            }
            var count = Math.Min(buffer.Length, _left);
            _left -= count;
            return count;
        }
    }
}
