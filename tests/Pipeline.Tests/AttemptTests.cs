using Turnpike.Pipeline;
using Turnpike.Primitives;
using Turnpike.Routing;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.Pipeline;

/// <summary>Whatever step of an attempt fails, what the steps before it took is given back, once.</summary>
public sealed class AttemptTests : PipelineTest
{
    private const int Limit = 2;
    private const string Shadow = "default/shadow:80";

    /// <summary>The point at which an upstream client fails.</summary>
    public enum FailingStep
    {
        Nowhere,
        SendThrows,
        Connect,
        Handshake,
        Refused,
        Reset,
        Malformed,
        InvalidRequest,
        SendCancelled,
        SendHangs,
        HeadersThrow,
        BodyBreaks,
        BodyThrows,
        ConnectionThrows,
        DisposalThrows,
    }

    public enum Flow
    {
        Forward,
        ForwardWithRetries,
        Mirror,
        WebSocket,
    }

    public static TheoryData<Flow, FailingStep> All { get; } = [.. Enum.GetValues<Flow>().SelectMany(f => Enum.GetValues<FailingStep>().Select(s => (f, s)))];

    [Theory]
    [MemberData(nameof(All))]
    public async Task FailureReleasesEverythingOnce(Flow flow, FailingStep step)
    {
        var client = new FailingUpstream(step);
        var (state, route) = Table(flow);
        using var gone = new CancellationTokenSource();
        var exchange = new FakeExchange { Gone = gone.Token };
        exchange.Request.IsWebSocket = flow == Flow.WebSocket;

        var run = RunAsync(client, state, route, exchange);
        // A WebSocket has no timeout: what hangs ends with its client.
        if (flow == Flow.WebSocket)
            await gone.CancelAsync();
        // A copy for a mirror may outlast the request, up to the timeout of the route.
        for (var second = 0; second < 20 || !run.IsCompleted; second++)
        {
            Assert.True(second < 100, "the request does not end");
            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        await run;

        Assert.True(client.Sent > 0);
        if (flow == Flow.ForwardWithRetries && step is FailingStep.Refused or FailingStep.Reset)
            Assert.Equal(3, client.Sent);
        await AssertAllIsFreeAsync(state, Tables.DefaultCluster);
        if (flow == Flow.Mirror)
            await AssertAllIsFreeAsync(state, Shadow);
    }

    [Theory]
    [InlineData(UpstreamProtocol.Http1)]
    [InlineData(UpstreamProtocol.Http2)]
    public async Task AttemptsWithoutASlotGiveNothingBack(UpstreamProtocol protocol)
    {
        var (state, _) = Table(Flow.Forward);
        var cluster = state.FindCluster(Tables.DefaultCluster)!;
        var services = new AttemptServices(new FailingUpstream(FailingStep.Nowhere), Metrics, Random, Time, Deadlines);
        var held = new List<Attempt>();
        for (var i = 0; i < Limit; i++)
        {
            var attempt = new Attempt(services).Begin(cluster, protocol);
            Assert.True(attempt.TryEnter());
            held.Add(attempt);
        }

        await using (var late = new Attempt(services).Begin(cluster, protocol))
            Assert.False(late.TryEnter());
        await using (var late = new Attempt(services).Begin(cluster, protocol))
        {
            var entering = late.EnterAsync(new FakeExchange().Request, null, TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
            Time.Advance(TimeSpan.FromSeconds(2));
            Assert.False(await entering);
            // Requests wait for a connection; over HTTP/2, where they share one, they do not.
            Assert.Equal(protocol == UpstreamProtocol.Http2 ? AttemptFailure.Overflow : AttemptFailure.Timeout, late.Failure);
        }
        if (protocol == UpstreamProtocol.Http1)
        {
            await using var late = new Attempt(services).Begin(cluster, protocol);
            using var cancelled = new CancellationTokenSource();
            var entering = late.EnterAsync(new FakeExchange().Request, null, TimeSpan.Zero, cancelled.Token);
            await cancelled.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await entering);
        }
        await using (var late = new Attempt(services).Begin(cluster, protocol))
            Assert.False(late.TryEnter());

        foreach (var attempt in held)
        {
            await attempt.DisposeAsync();
            await attempt.DisposeAsync();
        }
        await AssertAllIsFreeAsync(state, Tables.DefaultCluster, protocol);
    }

    [Fact]
    public async Task BodyThatFailsBeforeItsFirstByteTakesNothing()
    {
        var client = new FailingUpstream(FailingStep.Nowhere);
        var (state, route) = Table(Flow.Forward);
        var exchange = new FakeExchange("POST", body: new BrokenRequestBody());

        await RunAsync(client, state, route, exchange);

        Assert.Equal(400, exchange.Response.Status);
        Assert.Equal(0, client.Sent);
        await AssertAllIsFreeAsync(state, Tables.DefaultCluster);
    }

    /// <summary>Exactly as many attempts may enter as the limit says, and no endpoint counts a request.</summary>
    private async Task AssertAllIsFreeAsync(TableState state, string name, UpstreamProtocol protocol = UpstreamProtocol.Http1)
    {
        var cluster = state.FindCluster(name)!;
        var services = new AttemptServices(new FailingUpstream(FailingStep.Nowhere), Metrics, Random, Time, Deadlines);
        var attempts = Enumerable.Range(0, Limit + 1).Select(_ => new Attempt(services).Begin(cluster, protocol)).ToArray();
        Assert.Equal([.. Enumerable.Repeat(true, Limit), false], attempts.Select(a => a.TryEnter()));
        Assert.Equal(1, attempts[0].Pick().Active);
        foreach (var attempt in attempts)
            await attempt.DisposeAsync();
        Assert.Equal(0, attempts[0].Endpoint!.Active);
    }

    private async Task RunAsync(FailingUpstream client, TableState state, Route route, FakeExchange exchange)
    {
        var services = new AttemptServices(client, Metrics, Random, Time, Deadlines);
        try
        {
            if (exchange.Request.IsWebSocket)
                await new WebSocketTunnel(services).ConnectAsync(exchange, state.FindCluster(Tables.DefaultCluster), route, false, state.BodyIdlePolicy);
            else
                await new Forwarder(services, new Mirror(services), new BodyBudget(BodyBudget.DefaultTotal, Metrics)).ForwardAsync(exchange, state, route);
        }
        catch (Exception e) when (e is InvalidTimeZoneException or OperationCanceledException or NotSupportedException)
        {
            // The pipeline around it logs these.
        }
    }

    private static (TableState State, Route Route) Table(Flow flow)
    {
        var route = Tables.Route() with
        {
            AllowWebSocket = true,
            MirrorCluster = flow == Flow.Mirror ? Shadow : null,
            Retry = flow == Flow.ForwardWithRetries ? new RetryPolicy(2, TimeSpan.FromSeconds(1)) : null,
        };
        var limits = new CircuitLimits { Connections = Limit, PendingRequests = 1, Requests = Limit };
        var table = Tables.Of([Cluster(), Cluster(name: Shadow)], route) with { Settings = new ProxySettings { Limits = limits } };
        return (TableState.Create(table, FakeExchange.Listeners, null), route);
    }

    private sealed class BrokenRequestBody : BodyReader
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
            throw new RequestBodyException(400, "broken", null);
    }

    private sealed class FailingUpstream(FailingStep step) : IUpstreamClient
    {
        private int _sent;

        public int Sent => _sent;

        public async ValueTask<UpstreamResponse> SendAsync(UpstreamRequest request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _sent);
            await Task.CompletedTask;
            return step switch
            {
                FailingStep.SendThrows => throw new InvalidTimeZoneException(),
                FailingStep.SendCancelled => throw new OperationCanceledException(),
                FailingStep.SendHangs => await HangAsync(cancellationToken),
                FailingStep.Connect => throw Failure(UpstreamFailure.Connect),
                FailingStep.Handshake => throw Failure(UpstreamFailure.Handshake),
                FailingStep.Refused => throw Failure(UpstreamFailure.Refused),
                FailingStep.Reset => throw Failure(UpstreamFailure.Reset),
                FailingStep.Malformed => throw Failure(UpstreamFailure.Malformed),
                FailingStep.InvalidRequest => throw Failure(UpstreamFailure.InvalidRequest),
                _ => new FailingResponse(step),
            };
        }

        /// <summary>Ends on the thread that cancels, so that a test knows when it has ended.</summary>
        private static async Task<UpstreamResponse> HangAsync(CancellationToken cancellationToken)
        {
            var end = new TaskCompletionSource<UpstreamResponse>();
            await using var registration = cancellationToken.Register(() => end.TrySetCanceled(cancellationToken));
            return await end.Task;
        }

        private static UpstreamException Failure(UpstreamFailure failure) => new(failure, new IOException("broken"));
    }

    private sealed class FailingResponse(FailingStep step) : UpstreamResponse
    {
        public override int Status => step == FailingStep.ConnectionThrows ? 101 : 200;

        public override BodyReader Body => step switch
        {
            FailingStep.BodyBreaks => new FailingBody(new UpstreamException(UpstreamFailure.Reset, new IOException("broken"))),
            FailingStep.BodyThrows => new FailingBody(new InvalidTimeZoneException()),
            _ => new MemoryBody("ok"u8.ToArray()),
        };

        public override void CopyHeadersTo(HeaderList headers)
        {
            if (step == FailingStep.HeadersThrow)
                throw new InvalidTimeZoneException();
        }

        public override void CopyTrailersTo(Exchange exchange)
        {
        }

        public override ByteChannel TakeConnection() => throw new NotSupportedException();

        public override ValueTask DisposeAsync() => step == FailingStep.DisposalThrows ? throw new InvalidTimeZoneException() : default;
    }

    private sealed class FailingBody(Exception failure) : BodyReader
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) => throw failure;
    }
}
