using Turnpike.Compiler;

namespace Turnpike.Discovery;

/// <summary>A connected proxy and the table that it uses.</summary>
/// <param name="Error">Why the proxy refused the last update, or that it did not acknowledge an update in time; null otherwise.</param>
/// <param name="IsLeaving">
/// Whether the stream has ended at its maximum age or with its token, so that the proxy is expected to reconnect to this replica or another
/// one.
/// </param>
public sealed record ConnectedProxy(string Pod, string Namespace, string Build, string TableVersion, string? Error, bool IsLeaving = false);

/// <summary>
/// The connected proxies of each role. Statuses and metrics cover only those of the ingress, since a sidecar has another table.
/// </summary>
public sealed class ProxyRegistries(ProxyRegistry ingress)
{
    private readonly ProxyRegistry _sidecars = new();

    public ProxyRegistry Of(ProxyRole role) => role == ProxyRole.Ingress ? ingress : _sidecars;
}

/// <summary>The proxies that are connected to this replica. Each pod has one entry, however often it connects.</summary>
public sealed class ProxyRegistry
{
    private const int RememberedProxies = 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<long, (ConnectedProxy Proxy, Action? Replaced)> _proxies = [];
    private readonly Dictionary<(string Namespace, string Pod), long> _ids = [];
    private readonly BoundedCache<string> _unacknowledged = new(RememberedProxies);
    private long _lastId;

    /// <summary>Raised after each change. Handlers must return quickly and leave the work to others.</summary>
    public event Action? Changed;

    public IReadOnlyCollection<ConnectedProxy> All
    {
        get
        {
            lock (_gate)
                return [.. _proxies.Values.Select(e => e.Proxy).OrderBy(p => p.Namespace, StringComparer.Ordinal).ThenBy(p => p.Pod, StringComparer.Ordinal)];
        }
    }

    public int Count
    {
        get
        {
            lock (_gate)
                return _proxies.Count;
        }
    }

    /// <param name="proxy">The proxy. It replaces an entry of the same pod.</param>
    /// <param name="replaced">Called when a later stream of the same pod replaces this entry.</param>
    /// <returns>The id of the entry until it is replaced or removed.</returns>
    public long Add(ConnectedProxy proxy, Action? replaced = null) => TryAdd(proxy, int.MaxValue, replaced)!.Value;

    /// <inheritdoc cref="Add"/>
    /// <param name="limit">
    /// The largest number of proxies. When it is reached, a proxy of another pod is not added and the result is null.
    /// </param>
    public long? TryAdd(ConnectedProxy proxy, int limit, Action? replaced = null)
    {
        var id = Interlocked.Increment(ref _lastId);
        Action? former = null;
        lock (_gate)
        {
            if (_ids.Remove(KeyOf(proxy), out var old) && _proxies.Remove(old, out var entry))
                former = entry.Replaced;
            else if (_proxies.Count >= limit)
                return null;
            // A proxy that disconnected without acknowledging an update and connects again has still not acknowledged it.
            if (proxy.Error is null && _unacknowledged.TryGet(TextOf(proxy), out var error, out _))
                proxy = proxy with { Error = error };
            _proxies[id] = (proxy, replaced);
            _ids[KeyOf(proxy)] = id;
        }
        former?.Invoke();
        Changed?.Invoke();
        return id;
    }

    public void Update(long id, Func<ConnectedProxy, ConnectedProxy> change)
    {
        lock (_gate)
        {
            if (!_proxies.TryGetValue(id, out var entry) || change(entry.Proxy) is var changed && changed == entry.Proxy)
                return;
            _proxies[id] = entry with { Proxy = changed };
        }
        Changed?.Invoke();
    }

    /// <summary>Records the outcome of an update, which clears the record of updates that the proxy did not acknowledge.</summary>
    public void Acknowledged(long id, Func<ConnectedProxy, ConnectedProxy> change)
    {
        lock (_gate)
        {
            if (_proxies.TryGetValue(id, out var entry))
                _unacknowledged.Remove(TextOf(entry.Proxy));
        }
        Update(id, change);
    }

    /// <summary>
    /// Records that the proxy has not acknowledged an update in time. The error stays, across connections, until the proxy reports an
    /// outcome.
    /// </summary>
    public void Unacknowledged(long id, string why, DateTimeOffset now)
    {
        lock (_gate)
        {
            if (_proxies.TryGetValue(id, out var entry))
                _unacknowledged.Put(TextOf(entry.Proxy), why, now);
        }
    }

    /// <summary>Removes an entry and returns its proxy; null when there is no such entry.</summary>
    public ConnectedProxy? Remove(long id)
    {
        ConnectedProxy removed;
        lock (_gate)
        {
            if (!_proxies.Remove(id, out var entry))
                return null;
            removed = entry.Proxy;
            _ids.Remove(KeyOf(removed));
        }
        Changed?.Invoke();
        return removed;
    }

    private static (string Namespace, string Pod) KeyOf(ConnectedProxy proxy) => (proxy.Namespace, proxy.Pod);

    private static string TextOf(ConnectedProxy proxy) => $"{proxy.Namespace}/{proxy.Pod}";
}
