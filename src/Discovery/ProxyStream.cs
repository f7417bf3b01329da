using Grpc.Core;
using Turnpike.Protocol;

namespace Turnpike.Discovery;

/// <summary>Both directions of a stream, with a limit to every wait.</summary>
internal sealed class ProxyStream(
    IAsyncStreamReader<ProxyMessage> messages, IServerStreamWriter<TableUpdate> updates, DiscoveryLimits limits, TimeProvider clock, CancellationToken end)
{
    /// <summary>When the stream is over.</summary>
    public CancellationToken End => end;

    /// <param name="update">What is sent.</param>
    /// <param name="needed">What the proxy is told when it does not read.</param>
    public async Task WriteAsync(TableUpdate update, string needed)
    {
        try
        {
            await updates.WriteAsync(update, end).WaitAsync(limits.OutcomeWithin, clock, end);
        }
        catch (TimeoutException)
        {
            throw Late(needed);
        }
    }

    /// <summary>The next message of the proxy; null where it has ended its part of the stream.</summary>
    public async Task<ProxyMessage?> NextAsync(TimeSpan within, string needed)
    {
        using var limit = new CancellationTokenSource(within > TimeSpan.Zero ? within : TimeSpan.Zero, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end, limit.Token);
        try
        {
            return await messages.MoveNext(either.Token) ? messages.Current : null;
        }
        catch (OperationCanceledException) when (!end.IsCancellationRequested)
        {
            throw Late(needed);
        }
    }

    private static RpcException Late(string needed) => new(new Status(StatusCode.DeadlineExceeded, needed));
}
