using System.Collections.Concurrent;

namespace Turnpike.Pipeline;

/// <summary>A pool of objects for reuse. It keeps a bounded number of them and leaves the rest to the garbage collector.</summary>
/// <param name="create">Makes an object when the pool is empty.</param>
internal sealed class Pool<T>(Func<T> create)
    where T : class
{
    /// <summary>The largest number of objects that are kept, besides the one that is the first to be reused.</summary>
    public const int Capacity = 1024;

    private readonly ConcurrentQueue<T> _others = new();
    private T? _first;
    private int _count;

    public T Rent()
    {
        if (_first is { } first && Interlocked.CompareExchange(ref _first, null, first) == first)
            return first;
        if (!_others.TryDequeue(out var other))
            return create();
        Interlocked.Decrement(ref _count);
        return other;
    }

    /// <summary>Returns false when the object is not kept, so the caller must dispose of it.</summary>
    public bool TryReturn(T item)
    {
        if (_first is null && Interlocked.CompareExchange(ref _first, item, null) is null)
            return true;
        if (Interlocked.Increment(ref _count) > Capacity)
        {
            Interlocked.Decrement(ref _count);
            return false;
        }
        _others.Enqueue(item);
        return true;
    }
}
