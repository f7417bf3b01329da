using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Turnpike.Routing;

namespace Turnpike.Pipeline.Metrics;

/// <summary>
/// The counters of the routes of one table, found by the table's own objects. Names are looked up once for each of them, and not for each
/// request.
/// </summary>
internal sealed class RouteCounters
{
    private readonly ConcurrentDictionary<Key, ProxyMetrics.StatusCounts> _counts = new();

    /// <param name="metrics">Holds the counters, which outlive the table.</param>
    /// <param name="listener">The listener of the request.</param>
    /// <param name="entry">The path entry that matched; null for none.</param>
    /// <param name="route">The route that matched; null for none.</param>
    public ProxyMetrics.StatusCounts Of(ProxyMetrics metrics, ListenerBinding listener, PathEntry? entry, Route? route)
    {
        var key = new Key(listener.Index, entry, route);
        return _counts.TryGetValue(key, out var counts)
            ? counts
            : _counts.GetOrAdd(key, metrics.CountsOf(listener, entry?.Origin.Name ?? "", route?.Rule ?? ""));
    }

    /// <summary>Compares by reference, because a table holds each entry and each route as one object.</summary>
    private readonly struct Key(int listener, PathEntry? entry, Route? route) : IEquatable<Key>
    {
        private readonly int _listener = listener;
        private readonly PathEntry? _entry = entry;
        private readonly Route? _route = route;

        public bool Equals(Key other) =>
            _listener == other._listener && ReferenceEquals(_entry, other._entry) && ReferenceEquals(_route, other._route);

        public override bool Equals(object? obj) => obj is Key other && Equals(other);

        public override int GetHashCode() =>
            (((RuntimeHelpers.GetHashCode(_entry) * 397) ^ RuntimeHelpers.GetHashCode(_route)) * 397) ^ _listener;
    }
}
