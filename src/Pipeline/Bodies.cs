using System.Buffers;
using System.Runtime.CompilerServices;

namespace Turnpike.Pipeline;

/// <summary>A body as it arrives, read once and by one reader.</summary>
internal abstract class BodyReader
{
    /// <summary>
    /// Reads what is there, at least a byte; 0 is the end. With an empty buffer it waits until there is something to read or the
    /// end, so that nobody holds a buffer while nothing comes.
    /// </summary>
    public abstract ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Goes back to the beginning, where that is possible; nobody may be reading.</summary>
    public virtual bool TryRewind() => false;
}

/// <summary>Where a body goes.</summary>
internal abstract class BodyWriter
{
    /// <summary>Takes the bytes; completes when there is room for more.</summary>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Sends on what was taken so far; the head too, where it has not been sent.</summary>
    public abstract ValueTask FlushAsync(CancellationToken cancellationToken);

    /// <summary>Says that the body has ended, where the reader can be told before the exchange is over.</summary>
    public virtual ValueTask EndAsync(CancellationToken cancellationToken) => FlushAsync(cancellationToken);
}

internal static class BodyCopy
{
    private const int SmallBuffer = 8 * 1024;
    private const int LargeBuffer = 64 * 1024;

    /// <summary>
    /// What one copy may move before others have their turn. A fast client and a fast endpoint never make the copy wait, and it would
    /// keep its thread, which other connections are read on, to the end of the body.
    /// </summary>
    private const int Turn = 128 * 1024;

    /// <summary>Copies to the end. What has come is sent on before the next wait, and nothing is read before the last bytes found room.</summary>
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
