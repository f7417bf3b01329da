using Turnpike.Primitives;
using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>
/// A cluster of the table with its load balancing and its circuit breakers. Their state outlives the table if the next one has the cluster.
/// </summary>
internal sealed class ClusterState
{
    // The number of times that the load-balancing policy is asked for an endpoint before all are searched. Asking again keeps the shares of
    // the others even, while a search would give the share of an ejected endpoint to its neighbour.
    private const int Draws = 4;

    private readonly UpstreamEndpoint[] _endpoints;
    private readonly RoundRobin _roundRobin;

    private ClusterState(Cluster cluster, UpstreamEndpoint[] endpoints, RoundRobin roundRobin, ClusterCircuits circuits)
    {
        Cluster = cluster;
        _endpoints = endpoints;
        _roundRobin = roundRobin;
        Circuits = circuits;
    }

    public Cluster Cluster { get; }

    public ClusterCircuits Circuits { get; }

    /// <summary>
    /// Whether requests can be sent: the cluster has an endpoint, and does not lack the certificate authority that verifies endpoints.
    /// </summary>
    public bool IsOpen => EndpointCount > 0 && !Cluster.LacksAuthority;

    public int EndpointCount => _endpoints.Length;

    public int EjectedCount => _endpoints.Count(e => e.IsEjected);

    public static ClusterState Create(Cluster cluster, ClusterState? previous, CircuitLimits limits)
    {
        if (previous is null)
            return new ClusterState(cluster, [.. cluster.Endpoints.Select(e => new UpstreamEndpoint(e))], new RoundRobin(), new ClusterCircuits(limits));
        // Requests in flight that entered under other limits are not counted under the new ones.
        var circuits = previous.Circuits.Limits == limits ? previous.Circuits : new ClusterCircuits(limits);
        if (ReferenceEquals(previous.Cluster, cluster) && ReferenceEquals(previous.Circuits, circuits))
            return previous;
        // An endpoint that failed the handshake under other settings may pass it under these.
        if (cluster.Tls != previous.Cluster.Tls)
            return new ClusterState(cluster, [.. cluster.Endpoints.Select(e => new UpstreamEndpoint(e))], new RoundRobin(), circuits);
        if (cluster.Endpoints.AsSpan().SequenceEqual(previous.Cluster.Endpoints.AsSpan()))
            return new ClusterState(cluster, previous._endpoints, previous._roundRobin, circuits);
        var known = previous._endpoints.DistinctBy(e => e.Endpoint).ToDictionary(e => e.Endpoint);
        return new ClusterState(
            cluster,
            [.. cluster.Endpoints.Select(e => known.GetValueOrDefault(e) ?? new UpstreamEndpoint(e))],
            new RoundRobin(),
            circuits);
    }

    /// <summary>
    /// Returns the endpoint for the next request, or null when the cluster has none. Ejected endpoints are excluded, unless all are
    /// ejected.
    /// </summary>
    /// <param name="random">The source of chance for the policies that need it.</param>
    /// <param name="time">The clock for ejections.</param>
    /// <param name="other">An endpoint that has just failed. It is avoided if there is another.</param>
    public UpstreamEndpoint? Pick(Random random, TimeProvider time, UpstreamEndpoint? other = null)
    {
        if (_endpoints.Length < 2)
            return _endpoints.Length == 0 ? null : _endpoints[0];
        var index = 0;
        for (var draw = 0; draw < Draws; draw++)
        {
            index = Draw(random);
            if (Suits(index))
                return _endpoints[index];
        }
        for (var i = 1; i < _endpoints.Length; i++)
        {
            var next = (index + i) % _endpoints.Length;
            if (Suits(next))
                return _endpoints[next];
        }
        // All are ejected. The cause may be this side's network and not the endpoints, and if it is not, nothing is lost by trying.
        return ReferenceEquals(_endpoints[index], other) ? _endpoints[(index + 1) % _endpoints.Length] : _endpoints[index];

        bool Suits(int at) => !ReferenceEquals(_endpoints[at], other) && _endpoints[at].TryAdmit(time);
    }

    private int Draw(Random random) => Cluster.LoadBalancing switch
    {
        LoadBalancing.Random => random.Next(_endpoints.Length),
        LoadBalancing.LeastRequest => LeastLoaded(random),
        _ => _roundRobin.Next(_endpoints.Length),
    };

    /// <summary>
    /// Returns the less loaded of two endpoints drawn at random. That is nearly as even as a comparison of all, and does not send every
    /// request to the one endpoint that is idle at the moment.
    /// </summary>
    private int LeastLoaded(Random random)
    {
        var first = random.Next(_endpoints.Length);
        var second = (first + 1 + random.Next(_endpoints.Length - 1)) % _endpoints.Length;
        return _endpoints[second].Active < _endpoints[first].Active ? second : first;
    }

    private sealed class RoundRobin
    {
        private int _next = -1;

        public int Next(int count) => (int)((uint)Interlocked.Increment(ref _next) % (uint)count);
    }
}

/// <summary>The circuit breakers of a cluster, and how much of their limits is used.</summary>
internal sealed class ClusterCircuits(CircuitLimits limits)
{
    private readonly ConcurrencyLimiter _connections = new(limits.Effective().Connections, limits.Effective().PendingRequests);
    private readonly ConcurrencyLimiter _requests = new(limits.Effective().Requests, waitingLimit: 0);
    private readonly int _retryLimit = limits.Effective().Retries;
    private int _retries;

    public CircuitLimits Limits { get; } = limits;

    /// <summary>
    /// Returns the limiter of requests over a protocol. Over HTTP/1.1 a request has a connection to itself, over HTTP/2 it shares one.
    /// </summary>
    public ConcurrencyLimiter LimiterOf(UpstreamProtocol protocol) => protocol == UpstreamProtocol.Http2 ? _requests : _connections;

    /// <summary>Returns false when as many requests are being retried as the limit allows.</summary>
    public bool TryBeginRetry()
    {
        if (Interlocked.Increment(ref _retries) <= _retryLimit)
            return true;
        Interlocked.Decrement(ref _retries);
        return false;
    }

    public void EndRetry() => Interlocked.Decrement(ref _retries);
}
