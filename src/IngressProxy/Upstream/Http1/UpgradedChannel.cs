using System.Net.Sockets;
using Turnpike.Pipeline;

namespace Turnpike.IngressProxy.Upstream.Http1;

/// <summary>A connection to an endpoint after status 101, beginning with the bytes that came together with the head.</summary>
internal sealed class UpgradedChannel(Http1Connection connection) : ByteChannel
{
    /// <inheritdoc/>
    public override async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await connection.ReceiveAsync(buffer, cancellationToken);
        }
        catch (SocketException e)
        {
            throw new UpstreamException(UpstreamFailure.Reset, e);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await connection.SendAsync(bytes, cancellationToken);
        }
        catch (SocketException e)
        {
            throw new UpstreamException(UpstreamFailure.Reset, e);
        }
    }

    /// <inheritdoc/>
    public override ValueTask<bool> TryEndAsync(CancellationToken cancellationToken)
    {
        try
        {
            return new(connection.TryEndSending());
        }
        catch (SocketException e)
        {
            throw new UpstreamException(UpstreamFailure.Reset, e);
        }
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        connection.Dispose();
        return default;
    }
}
