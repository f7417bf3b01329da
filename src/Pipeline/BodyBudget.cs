using System.Buffers;
using Turnpike.Pipeline.Metrics;

namespace Turnpike.Pipeline;

/// <summary>
/// The memory that buffered request bodies may take, all together and each by itself. Retries and mirrors need them. A body for which there
/// is no room is forwarded all the same, and its request is neither retried nor mirrored.
/// </summary>
internal sealed class BodyBudget(long total, ProxyMetrics metrics)
{
    /// <summary>The longest body that is buffered.</summary>
    public const int PerRequest = 1024 * 1024;

    /// <summary>
    /// The size of the pieces that memory is taken in. They are small enough for the ordinary heap and large enough to be few.
    /// </summary>
    public const int ChunkSize = 16 * 1024;

    private const long Least = 4 * 1024 * 1024;
    private const int ShareOfMemory = 8;

    private long _used;

    /// <summary>The bytes that are taken at the moment.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>The default: an eighth of the memory that the process may use, and 4 MiB at least.</summary>
    public static long DefaultTotal => Math.Max(Least, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / ShareOfMemory);

    /// <summary>Returns an empty buffered body, which each of its holders has to release.</summary>
    public BufferedBody Begin() => new(this);

    /// <summary>Counts a body that could not be buffered.</summary>
    public void Refused() => metrics.BodyNotBuffered();

    /// <summary>Returns a piece of memory, or null when the budget is spent.</summary>
    public byte[]? TryTake()
    {
        if (Interlocked.Add(ref _used, ChunkSize) <= total)
            return ArrayPool<byte>.Shared.Rent(ChunkSize);
        Interlocked.Add(ref _used, -ChunkSize);
        return null;
    }

    public void GiveBack(byte[] chunk)
    {
        ArrayPool<byte>.Shared.Return(chunk);
        Interlocked.Add(ref _used, -ChunkSize);
    }
}

/// <summary>
/// The copy of one body, whose memory is taken from the budget as it grows. One caller writes it, then several read it. Its memory
/// goes back when the last holder has released it.
/// </summary>
internal sealed class BufferedBody(BodyBudget budget)
{
    private readonly List<byte[]> _chunks = [];
    private int _holders = 1;

    public int Length { get; private set; }

    /// <summary>Returns false when the bytes do not fit. The copy is incomplete then and of no further use.</summary>
    public bool TryAppend(ReadOnlySpan<byte> bytes)
    {
        if (Length + bytes.Length > BodyBudget.PerRequest)
            return false;
        while (!bytes.IsEmpty)
        {
            var offset = Length % BodyBudget.ChunkSize;
            if (offset == 0)
            {
                if (budget.TryTake() is not { } taken)
                    return false;
                _chunks.Add(taken);
            }
            var part = Math.Min(bytes.Length, BodyBudget.ChunkSize - offset);
            bytes[..part].CopyTo(_chunks[^1].AsSpan(offset));
            Length += part;
            bytes = bytes[part..];
        }
        return true;
    }

    /// <summary>Copies the bytes from <paramref name="position"/> on, as many as fit, and returns their number.</summary>
    public int Read(int position, Span<byte> target)
    {
        var count = Math.Min(target.Length, Length - position);
        for (var copied = 0; copied < count;)
        {
            var offset = (position + copied) % BodyBudget.ChunkSize;
            var part = Math.Min(count - copied, BodyBudget.ChunkSize - offset);
            _chunks[(position + copied) / BodyBudget.ChunkSize].AsSpan(offset, part).CopyTo(target[copied..]);
            copied += part;
        }
        return count;
    }

    /// <summary>Adds a holder.</summary>
    public void Hold() => Interlocked.Increment(ref _holders);

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) > 0)
            return;
        foreach (var chunk in _chunks)
            budget.GiveBack(chunk);
        _chunks.Clear();
        Length = 0;
    }

    /// <summary>Reads the copy from its beginning. The caller holds it until the reading has ended.</summary>
    internal sealed class Reader(BufferedBody body) : BodyReader
    {
        private int _position;

        /// <inheritdoc/>
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            var count = body.Read(_position, buffer.Span);
            _position += count;
            return new ValueTask<int>(count);
        }
    }
}
