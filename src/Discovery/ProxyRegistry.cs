using System.Collections.Concurrent;

namespace Turnpike.Discovery;

/// <summary>A connected proxy and what it has in force.</summary>
/// <param name="Error">Why it refused the last update, or null.</param>
public sealed record ConnectedProxy(string Pod, string Namespace, string Build, string TableVersion, string? Error);

/// <summary>The proxies that are connected to this replica.</summary>
public sealed class ProxyRegistry
{
    private readonly ConcurrentDictionary<long, ConnectedProxy> _proxies = new();
    private long _lastId;

    /// <summary>Raised after each change. Handlers only note what is to be done.</summary>
    public event Action? Changed;

    public IReadOnlyCollection<ConnectedProxy> All => [.. _proxies.Values.OrderBy(p => p.Namespace, StringComparer.Ordinal).ThenBy(p => p.Pod, StringComparer.Ordinal)];

    public int Count => _proxies.Count;

    public long Add(ConnectedProxy proxy)
    {
        var id = Interlocked.Increment(ref _lastId);
        _proxies[id] = proxy;
        Changed?.Invoke();
        return id;
    }

    public void Update(long id, Func<ConnectedProxy, ConnectedProxy> change)
    {
        if (!_proxies.TryGetValue(id, out var proxy) || change(proxy) is var changed && changed == proxy)
            return;
        _proxies[id] = changed;
        Changed?.Invoke();
    }

    /// <summary>What was removed, or null.</summary>
    public ConnectedProxy? Remove(long id)
    {
        if (!_proxies.TryRemove(id, out var removed))
            return null;
        Changed?.Invoke();
        return removed;
    }
}
