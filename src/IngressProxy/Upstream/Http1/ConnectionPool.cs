using Turnpike.Pipeline;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.Upstream.Http1;

/// <summary>Identifies connections that may be used in place of each other.</summary>
/// <param name="Endpoint">The endpoint.</param>
/// <param name="Tls">The <see cref="TlsHandshake.Identity"/>; empty for cleartext.</param>
internal readonly record struct PoolKey(Endpoint Endpoint, string Tls)
{
    public static PoolKey Of(UpstreamRequest request) =>
        new(request.Endpoint.Endpoint, request.Tls is { } tls ? TlsHandshake.Of(tls).Identity : "");
}

/// <summary>
/// The idle connections to endpoints. The connection that was used last is taken first, so that those that are not needed grow old and are
/// closed. An endpoint without idle connections takes no memory.
/// </summary>
internal sealed class ConnectionPool : IDisposable
{
    /// <summary>This is less than servers usually allow, so the proxy closes first.</summary>
    public static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(50);

    public const int MaxIdlePerEndpoint = 1024;

    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<PoolKey, List<Http1Connection>> _idle = [];
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private bool _disposed;

    public ConnectionPool(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(static pool => ((ConnectionPool)pool!).Sweep(), this, SweepInterval, SweepInterval);
    }

    /// <summary>The number of endpoints that have idle connections.</summary>
    public int EndpointCount
    {
        get
        {
            lock (_lock)
                return _idle.Count;
        }
    }

    /// <summary>A connection on which nothing has arrived since its last response; null when there is none.</summary>
    public Http1Connection? TryTake(PoolKey key)
    {
        while (true)
        {
            Http1Connection connection;
            lock (_lock)
            {
                if (!_idle.TryGetValue(key, out var connections))
                    return null;
                connection = connections[^1];
                connections.RemoveAt(connections.Count - 1);
                if (connections.Count == 0)
                    _idle.Remove(key);
            }
            if (connection.IsQuiet() && !IsOld(connection))
                return connection;
            connection.Dispose();
        }
    }

    /// <summary>Keeps a connection for another request. Its last response has been read to the end.</summary>
    public void Return(PoolKey key, Http1Connection connection)
    {
        connection.IsReused = true;
        connection.IdleSince = _time.GetTimestamp();
        connection.Rest();
        lock (_lock)
        {
            if (!_disposed)
            {
                if (!_idle.TryGetValue(key, out var connections))
                    _idle.Add(key, connections = []);
                if (connections.Count < MaxIdlePerEndpoint)
                {
                    connections.Add(connection);
                    return;
                }
            }
        }
        connection.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer.Dispose();
        List<Http1Connection> all;
        lock (_lock)
        {
            _disposed = true;
            all = [.. _idle.Values.SelectMany(c => c)];
            _idle.Clear();
        }
        foreach (var connection in all)
            connection.Dispose();
    }

    private bool IsOld(Http1Connection connection) => _time.GetElapsedTime(connection.IdleSince) >= IdleTimeout;

    /// <summary>Closes connections that are old, and those that the endpoint has closed.</summary>
    private void Sweep()
    {
        var closed = new List<Http1Connection>();
        lock (_lock)
        {
            foreach (var (key, connections) in _idle)
            {
                connections.RemoveAll(connection =>
                {
                    var goes = IsOld(connection) || !connection.IsQuiet();
                    if (goes)
                        closed.Add(connection);
                    return goes;
                });
                if (connections.Count == 0)
                    _idle.Remove(key);
            }
        }
        foreach (var connection in closed)
            connection.Dispose();
    }
}
