using System.Buffers;
using System.Runtime.CompilerServices;

namespace Turnpike.Pipeline;

/// <summary>A body as it arrives. One caller reads it, once.</summary>
internal abstract class BodyReader
{
    /// <summary>
    /// Reads what has arrived, at least a byte; 0 means the end of the body. With an empty buffer it waits until there is something to read
    /// or the end, so that no buffer is held while nothing arrives.
    /// </summary>
    public abstract ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Goes back to the beginning. Returns false when that is impossible. No read may be under way.</summary>
    public virtual bool TryRewind() => false;
}

/// <summary>The destination of a body.</summary>
internal abstract class BodyWriter
{
    /// <summary>Takes the bytes. Completes when there is room for more.</summary>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Sends on what was taken so far, and the head before it if that has not been sent.</summary>
    public abstract ValueTask FlushAsync(CancellationToken cancellationToken);

    /// <summary>Says that the body has ended, if the protocol can tell the reader so before the exchange is over.</summary>
    public virtual ValueTask EndAsync(CancellationToken cancellationToken) => FlushAsync(cancellationToken);
}

internal static class BodyCopy
{
    private const int SmallBuffer = 8 * 1024;
    private const int LargeBuffer = 64 * 1024;

    /// <summary>
    /// The bytes that one copy may move before others have their turn. A fast client and a fast endpoint never make the copy wait, and it
    /// would keep its thread, on which other connections are read, to the end of the body.
    /// </summary>
    private const int Turn = 128 * 1024;

    /// <summary>
    /// Copies to the end. What has arrived is sent on before the next wait, and no more is read before the last bytes have found room.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public static async ValueTask CopyAsync(BodyReader from, BodyWriter to, CancellationToken cancellationToken)
    {
        var size = SmallBuffer;
        var moved = 0;
        while (true)
        {
            if (moved >= Turn)
            {
                await Task.Yield();
                moved = 0;
            }
            var arrival = from.ReadAsync(Memory<byte>.Empty, cancellationToken);
            if (!arrival.IsCompleted)
            {
                await to.FlushAsync(cancellationToken);
                moved = 0;
            }
            await arrival;

            var buffer = ArrayPool<byte>.Shared.Rent(size);
            try
            {
                var count = await from.ReadAsync(buffer, cancellationToken);
                if (count == 0)
                    return;
                await to.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                moved += count;
                if (count == buffer.Length)
                    size = LargeBuffer;
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}
