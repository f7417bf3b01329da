using Grpc.Core;
using Turnpike.Protocol;

namespace Turnpike.Discovery;

/// <summary>Reads and writes the messages of one stream. Every wait has a limit.</summary>
internal sealed class ProxyStream(
    IAsyncStreamReader<ProxyMessage> messages, IServerStreamWriter<TableUpdate> updates, DiscoveryLimits limits, TimeProvider clock, CancellationToken end)
{
    /// <summary>Cancelled when the stream is over.</summary>
    public CancellationToken End => end;

    /// <param name="update">The update to send.</param>
    /// <param name="needed">The status message that the proxy gets when it does not read the update in time.</param>
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

    /// <summary>Returns the next message of the proxy; null when it has ended its side of the stream.</summary>
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
