namespace Turnpike.Discovery;

/// <summary>A thread-safe cache with a fixed capacity. When it is full, the value that was put longest ago is dropped.</summary>
internal sealed class BoundedCache<T>(int capacity)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<(string Key, T Value, DateTimeOffset At)>> _byKey = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Key, T Value, DateTimeOffset At)> _byAge = new();

    public bool TryGet(string key, out T value, out DateTimeOffset at)
    {
        lock (_gate)
        {
            var found = _byKey.TryGetValue(key, out var node);
            (_, value, at) = found ? node!.Value : ("", default!, default);
            return found;
        }
    }

    public void Put(string key, T value, DateTimeOffset now)
    {
        lock (_gate)
        {
            Drop(key);
            if (_byKey.Count >= capacity)
                Drop(_byAge.First!.Value.Key);
            _byKey[key] = _byAge.AddLast((key, value, now));
        }
    }

    public void Remove(string key)
    {
        lock (_gate)
            Drop(key);
    }

    private void Drop(string key)
    {
        if (_byKey.Remove(key, out var node))
            _byAge.Remove(node);
    }
}
