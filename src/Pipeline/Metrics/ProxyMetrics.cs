using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Turnpike.Pipeline.Metrics;

/// <summary>
/// The counters of the proxy. The number of series is bounded: routes beyond <see cref="MaxRoutes"/> are counted together.
/// </summary>
internal sealed class ProxyMetrics
{
    public const int MaxRoutes = 2000;

    private readonly ConcurrentDictionary<RouteKey, StatusCounts> _routes = new();
    private readonly LatencyHistogram[] _latency;
    private readonly long[] _overflows = new long[3];
    private long _active;
    private long _connectFailures;
    private long _tlsFailures;
    private long _retries;
    private long _ejections;
    private long _bodiesNotBuffered;
    private long _connectionsRefused;
    private long _memoryTrims;
    private long _accessLogDropped;
    private long _swaps;
    private long _swapTicks;
    private long _loadFailures;
    private long _staleConnections;
    private long _malformedResponses;
    private long _refusedRequests;

    /// <param name="listeners">The sockets that accept requests.</param>
    public ProxyMetrics(ListenerBindings listeners)
    {
        Listeners = listeners.All;
        _latency = [.. Listeners.Select(_ => new LatencyHistogram())];
    }

    /// <summary>The listeners that requests are counted by, in the order of their indices.</summary>
    public ImmutableArray<ListenerBinding> Listeners { get; }

    public IEnumerable<KeyValuePair<RouteKey, StatusCounts>> Routes => _routes;

    public long ActiveRequests => Volatile.Read(ref _active);

    public long ConnectFailures => Volatile.Read(ref _connectFailures);

    public long TlsFailures => Volatile.Read(ref _tlsFailures);

    public long Retries => Volatile.Read(ref _retries);

    public long Ejections => Volatile.Read(ref _ejections);

    /// <summary>Bodies that were not buffered for a retry or a mirror, because they were too large or the budget was spent.</summary>
    public long BodiesNotBuffered => Volatile.Read(ref _bodiesNotBuffered);

    /// <summary>Client connections that were closed at once because the limit was reached.</summary>
    public long ConnectionsRefused => Volatile.Read(ref _connectionsRefused);

    /// <summary>The number of times that memory was given back after a burst.</summary>
    public long MemoryTrims => Volatile.Read(ref _memoryTrims);

    /// <summary>Requests without a line in the access log, because its reader is slow.</summary>
    public long DroppedLogLines => Volatile.Read(ref _accessLogDropped);

    public long Swaps => Volatile.Read(ref _swaps);

    public TimeSpan SwapTime => new(Volatile.Read(ref _swapTicks));

    public long LoadFailures => Volatile.Read(ref _loadFailures);

    public long StaleConnections => Volatile.Read(ref _staleConnections);

    public long MalformedResponses => Volatile.Read(ref _malformedResponses);

    public long RefusedRequests => Volatile.Read(ref _refusedRequests);

    /// <summary>The version of the current table; null before the first.</summary>
    public string? TableVersion { get; private set; }

    public LatencyHistogram LatencyOf(ListenerBinding listener) => _latency[listener.Index];

    public void RequestBegan() => Interlocked.Increment(ref _active);

    /// <summary>Returns the counters of a route, which live as long as the process.</summary>
    /// <param name="listener">The listener of the request.</param>
    /// <param name="ingress">The name of the path entry's origin; empty for none.</param>
    /// <param name="rule">The name of the rule; empty for none.</param>
    public StatusCounts CountsOf(ListenerBinding listener, string ingress, string rule)
    {
        var key = new RouteKey(listener.Index, ingress, rule);
        if (_routes.TryGetValue(key, out var counts))
            return counts;
        if (_routes.Count >= MaxRoutes)
            key = new RouteKey(listener.Index, "other", "other");
        return _routes.GetOrAdd(key, static _ => new StatusCounts());
    }

    /// <param name="listener">The listener of the request.</param>
    /// <param name="counts">The counters of its route.</param>
    /// <param name="status">The status of the response; 0 when the client went away first.</param>
    /// <param name="elapsed">The time from the head of the request to the end of the response.</param>
    public void RequestEnded(ListenerBinding listener, StatusCounts counts, int status, TimeSpan elapsed)
    {
        Interlocked.Decrement(ref _active);
        _latency[listener.Index].Add(elapsed);
        counts.Add(status);
    }

    public void ConnectFailed() => Interlocked.Increment(ref _connectFailures);

    public void UpstreamTlsFailed() => Interlocked.Increment(ref _tlsFailures);

    public void ConnectionStale() => Interlocked.Increment(ref _staleConnections);

    public void ResponseMalformed() => Interlocked.Increment(ref _malformedResponses);

    public void UpstreamRequestRefused() => Interlocked.Increment(ref _refusedRequests);

    public void Retried() => Interlocked.Increment(ref _retries);

    public void BodyNotBuffered() => Interlocked.Increment(ref _bodiesNotBuffered);

    public void ConnectionRefused() => Interlocked.Increment(ref _connectionsRefused);

    public void MemoryTrimmed() => Interlocked.Increment(ref _memoryTrims);

    public void AccessLogDropped() => Interlocked.Increment(ref _accessLogDropped);

    public void Ejected() => Interlocked.Increment(ref _ejections);

    public void Overflowed(CircuitLimit limit) => Interlocked.Increment(ref _overflows[(int)limit]);

    public long OverflowsOf(CircuitLimit limit) => Volatile.Read(ref _overflows[(int)limit]);

    public void TableSwapped(string version, TimeSpan elapsed)
    {
        TableVersion = version;
        Interlocked.Increment(ref _swaps);
        Interlocked.Add(ref _swapTicks, elapsed.Ticks);
    }

    public void TableLoadFailed() => Interlocked.Increment(ref _loadFailures);

    /// <param name="Listener">The place in <see cref="Listeners"/>.</param>
    public readonly record struct RouteKey(int Listener, string Ingress, string Rule);

    /// <summary>Responses by the first digit of their status.</summary>
    internal sealed class StatusCounts
    {
        private readonly long[] _byClass = new long[6];

        public void Add(int status) => Interlocked.Increment(ref _byClass[status is >= 100 and < 600 ? status / 100 : 0]);

        /// <summary>Returns the number of responses of a class, 1 to 5. Class 0 counts the requests whose client went away.</summary>
        public long Of(int statusClass) => Volatile.Read(ref _byClass[statusClass]);
    }
}

/// <summary>The limit that an overflow has exceeded.</summary>
internal enum CircuitLimit
{
    Requests,
    Retries,

    /// <summary>The budget of memory for requests in flight.</summary>
    Memory,
}

/// <summary>A histogram with fixed bounds.</summary>
internal sealed class LatencyHistogram
{
    public static readonly double[] BoundsInSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    private readonly long[] _counts = new long[BoundsInSeconds.Length + 1];
    private long _sumTicks;

    public double SumInSeconds => new TimeSpan(Volatile.Read(ref _sumTicks)).TotalSeconds;

    public void Add(TimeSpan elapsed)
    {
        var seconds = elapsed.TotalSeconds;
        var bucket = 0;
        while (bucket < BoundsInSeconds.Length && seconds > BoundsInSeconds[bucket])
            bucket++;
        Interlocked.Increment(ref _counts[bucket]);
        Interlocked.Add(ref _sumTicks, elapsed.Ticks);
    }

    /// <summary>Returns the count of one bucket alone. The last bucket is for what exceeds every bound.</summary>
    public long CountOf(int bucket) => Volatile.Read(ref _counts[bucket]);
}
