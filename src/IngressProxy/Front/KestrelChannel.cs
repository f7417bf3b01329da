using Turnpike.Pipeline;

namespace Turnpike.IngressProxy.Front;

/// <summary>
/// A client's connection after an upgrade, which the server hands over as a stream. Its direction to the client does not end alone: a
/// client that does not end its own would hold a connection to an endpoint which has ended.
/// </summary>
internal sealed class KestrelChannel(Stream stream) : ByteChannel
{
    /// <inheritdoc/>
    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        stream.ReadAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        stream.WriteAsync(bytes, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask FlushAsync(CancellationToken cancellationToken) => new(stream.FlushAsync(cancellationToken));

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => stream.DisposeAsync();
}
