using System.IO.Pipelines;
using System.Text;
using Turnpike.Pipeline;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.Pipeline;

/// <summary>Upgraded connections: two channels of bytes, each of whose directions ends by itself.</summary>
public sealed class ByteChannelTests : PipelineTest
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task BytesGoBothWays_AndAClientThatHasEndedStillReceives()
    {
        var (client, server) = (new MemoryChannel(), new MemoryChannel());
        var run = Open(client, server);

        await client.ArriveAsync("question");
        Assert.Equal("question", await server.SentAsync(8));
        client.EndArriving();
        await server.Ended.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
        Assert.False(run.IsCompleted);
        await server.ArriveAsync("response");
        Assert.Equal("response", await client.SentAsync(8));

        server.EndArriving();
        await run.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
        Assert.True(client.IsDisposed && server.IsDisposed);
    }

    [Fact]
    public async Task EndOfAnEndpointEndsBothDirections_WhereTheClientsCannotEndAlone()
    {
        var (client, server) = (new MemoryChannel { EndsAlone = false }, new MemoryChannel());
        var run = Open(client, server);

        await server.ArriveAsync("bye");
        server.EndArriving();

        Assert.Equal("bye", await client.SentAsync(3));
        await run.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
        Assert.True(client.IsDisposed && server.IsDisposed);
    }

    [Fact]
    public async Task EngineMayMoveTheBytesItself_AndTheBoundOfWaitsStillHolds()
    {
        var (client, server) = (new MemoryChannel { Splices = true }, new MemoryChannel { TakesNothing = true });
        var run = Open(client, server, idle: TimeSpan.FromSeconds(10));

        await client.ArriveAsync("moved");
        await client.SpliceBegan.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
        Time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(run.IsCompleted);
        Time.Advance(TimeSpan.FromSeconds(2));

        await run.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
        Assert.True(client.IsDisposed && server.IsDisposed);
    }

    [Fact]
    public async Task ConnectionThatBreaksEndsBothDirections()
    {
        var (client, server) = (new MemoryChannel(), new MemoryChannel());
        var run = Open(client, server);

        server.Break();

        await run.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
        Assert.True(client.IsDisposed && server.IsDisposed);
    }

    [Fact]
    public async Task ClientThatGoesAwayEndsBothDirections()
    {
        using var gone = new CancellationTokenSource();
        var (client, server) = (new MemoryChannel(), new MemoryChannel());
        var run = Open(client, server, gone: gone);

        await gone.CancelAsync();

        await run.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
        Assert.True(client.IsDisposed && server.IsDisposed);
    }

    private Task Open(MemoryChannel client, MemoryChannel server, TimeSpan? idle = null, CancellationTokenSource? gone = null)
    {
        var exchange = new FakeExchange { Upgrade = client, Gone = gone?.Token ?? CancellationToken.None };
        exchange.Request.IsWebSocket = true;
        var upstream = new FakeUpstream(new FakeResponse(101) { Connection = server });
        var table = Tables.Of(Cluster(), Tables.Route() with { AllowWebSocket = true });
        if (idle is { } longest)
            table = table with { Settings = table.Settings with { BodyIdleTimeout = longest } };
        return Start(upstream, table).HandleAsync(exchange).AsTask();
    }

    /// <summary>A connection in memory. What arrives is written by a test, and what is sent is read by it.</summary>
    private sealed class MemoryChannel : ByteChannel
    {
        private readonly Pipe _arriving = new();
        private readonly Pipe _sent = new(new PipeOptions(pauseWriterThreshold: 0));
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _spliceBegan = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool EndsAlone { get; init; } = true;

        public bool Splices { get; init; }

        public bool TakesNothing { get; init; }

        public bool IsDisposed { get; private set; }

        public Task Ended => _ended.Task;

        public Task SpliceBegan => _spliceBegan.Task;

        public async Task ArriveAsync(string text) => await _arriving.Writer.WriteAsync(Encoding.ASCII.GetBytes(text), Cancelled);

        public void EndArriving() => _arriving.Writer.Complete();

        public void Break() => _arriving.Writer.Complete(new IOException("broken"));

        public async Task<string> SentAsync(int length)
        {
            var result = await _sent.Reader.ReadAtLeastAsync(length, Cancelled);
            var text = Encoding.ASCII.GetString(result.Buffer);
            _sent.Reader.AdvanceTo(result.Buffer.End);
            return text;
        }

        public override async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            var result = await _arriving.Reader.ReadAsync(cancellationToken);
            var count = (int)Math.Min(buffer.Length, result.Buffer.Length);
            var taken = result.Buffer.Slice(0, count);
            foreach (var segment in taken)
            {
                segment.CopyTo(buffer);
                buffer = buffer[segment.Length..];
            }
            _arriving.Reader.AdvanceTo(taken.End);
            return count;
        }

        public override async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            if (TakesNothing)
                await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
            await _sent.Writer.WriteAsync(bytes, cancellationToken);
        }

        public override ValueTask<bool> TryEndAsync(CancellationToken cancellationToken)
        {
            if (EndsAlone)
                _ended.TrySetResult();
            return new(EndsAlone);
        }

        /// <summary>Stands for an engine that hands its own descriptor to that of the other channel.</summary>
        public override async ValueTask CopyToAsync(ByteChannel to, ClientWaits waits, CancellationToken cancellationToken)
        {
            if (!Splices)
            {
                await base.CopyToAsync(to, waits, cancellationToken);
                return;
            }
            var watch = waits.Response();
            watch.Begin();
            _spliceBegan.TrySetResult();
            try
            {
                await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
            }
            finally
            {
                watch.End();
            }
        }

        public override ValueTask DisposeAsync()
        {
            IsDisposed = true;
            return default;
        }
    }
}
