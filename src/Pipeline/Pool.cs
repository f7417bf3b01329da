using System.Collections.Concurrent;

namespace Turnpike.Pipeline;

/// <summary>Objects that were used and may be used again. It keeps a bounded number; the rest is left to the garbage collector.</summary>
/// <param name="create">Makes an object when there is none.</param>
internal sealed class Pool<T>(Func<T> create)
    where T : class
{
    /// <summary>The most objects that are kept.</summary>
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

    /// <summary>Returns false when the object is not kept, so that the caller disposes of it.</summary>
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
