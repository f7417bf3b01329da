namespace Turnpike.Pipeline;

/// <summary>
/// A connection after an upgrade: bytes in both directions, each of which ends by itself. One caller may receive while another sends. When
/// the connection breaks, the methods throw an <see cref="IOException"/>. Disposing of the channel closes the connection.
/// </summary>
internal abstract class ByteChannel : IAsyncDisposable
{
    /// <summary>
    /// Receives what has arrived, at least a byte; 0 means that the other side sends no more. With an empty buffer it waits until there is
    /// something to receive or the end, so that no buffer is held while nothing arrives.
    /// </summary>
    public abstract ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Takes the bytes. Completes when there is room for more.</summary>
    public abstract ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Sends on what was taken so far.</summary>
    public virtual ValueTask FlushAsync(CancellationToken cancellationToken) => default;

    /// <summary>
    /// Says that no more bytes are sent, while the other direction goes on. Returns false when the transport can only end both.
    /// </summary>
    public virtual ValueTask<bool> TryEndAsync(CancellationToken cancellationToken) => new(false);

    /// <summary>
    /// Copies all that arrives here into another channel, to the end. An engine overrides this where it can move the bytes without
    /// reading them, as Linux does between two sockets by <c>splice</c>.
    /// </summary>
    /// <param name="to">The channel that the bytes are sent to.</param>
    /// <param name="waits">Bounds each wait for room in that channel, and counts the bytes that were sent.</param>
    /// <param name="cancellationToken">Breaks off the copy.</param>
    public virtual async ValueTask CopyToAsync(ByteChannel to, ClientWaits waits, CancellationToken cancellationToken)
    {
        await BodyCopy.CopyAsync(new Reader(this), waits.ForResponse(new Writer(to)), cancellationToken);
        await to.FlushAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();

    private sealed class Reader(ByteChannel channel) : BodyReader
    {
        /// <inheritdoc/>
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
            channel.ReceiveAsync(buffer, cancellationToken);
    }

    private sealed class Writer(ByteChannel channel) : BodyWriter
    {
        /// <inheritdoc/>
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
            channel.SendAsync(bytes, cancellationToken);

        /// <inheritdoc/>
        public override ValueTask FlushAsync(CancellationToken cancellationToken) => channel.FlushAsync(cancellationToken);
    }
}
