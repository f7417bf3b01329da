using Turnpike.Primitives;
using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>A cluster of the table with its load balancing and its limits, which outlive the table where the cluster does.</summary>
internal sealed class ClusterState
{
    // So many endpoints are drawn as the policy has it before each is looked at: that keeps the shares of the others even.
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

    /// <summary>Whether there is anybody to send a request to; where the authority to verify them by is missing, there is not.</summary>
    public bool IsOpen => EndpointCount > 0 && !Cluster.LacksAuthority;

    public int EndpointCount => _endpoints.Length;

    public int EjectedCount => _endpoints.Count(e => e.IsEjected);

    public static ClusterState Create(Cluster cluster, ClusterState? previous, CircuitLimits limits)
    {
        if (previous is null)
            return new ClusterState(cluster, [.. cluster.Endpoints.Select(e => new UpstreamEndpoint(e))], new RoundRobin(), new ClusterCircuits(limits));
        // What is in flight under other limits is not counted under these.
        var circuits = previous.Circuits.Limits == limits ? previous.Circuits : new ClusterCircuits(limits);
        if (ReferenceEquals(previous.Cluster, cluster) && ReferenceEquals(previous.Circuits, circuits))
            return previous;
        // An endpoint that failed another handshake has not failed this one.
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

    /// <summary>The endpoint for the next request, or null where there is none. Ejected ones are passed over, unless all are.</summary>
    /// <param name="random">For the policies that need it.</param>
    /// <param name="time">For ejections.</param>
    /// <param name="other">An endpoint that just failed: avoided where there is another.</param>
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
        // Perhaps it is not the endpoints but the network here; and if not, nothing is lost.
        return ReferenceEquals(_endpoints[index], other) ? _endpoints[(index + 1) % _endpoints.Length] : _endpoints[index];

        bool Suits(int at) => !ReferenceEquals(_endpoints[at], other) && _endpoints[at].TryAdmit(time);
    }

    private int Draw(Random random) => Cluster.LoadBalancing switch
    {
        LoadBalancing.Random => random.Next(_endpoints.Length),
        LoadBalancing.LeastRequest => LeastLoaded(random),
        _ => _roundRobin.Next(_endpoints.Length),
    };

    /// <summary>The power of two choices: nearly as even as looking at all of them, and no herd runs to the one that is idle.</summary>
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

/// <summary>How much of a cluster's limits is used.</summary>
internal sealed class ClusterCircuits(CircuitLimits limits)
{
    private readonly ConcurrencyLimiter _connections = new(limits.Effective().Connections, limits.Effective().PendingRequests);
    private readonly ConcurrencyLimiter _requests = new(limits.Effective().Requests, waitingLimit: 0);
    private readonly int _retryLimit = limits.Effective().Retries;
    private int _retries;

    public CircuitLimits Limits { get; } = limits;

    /// <summary>What a request has to go through: over HTTP/1.1 it has a connection to itself, over HTTP/2 it shares one.</summary>
    public ConcurrencyLimiter LimiterOf(UpstreamProtocol protocol) => protocol == UpstreamProtocol.Http2 ? _requests : _connections;

    /// <summary>False where as many requests are being tried again as may be.</summary>
    public bool TryBeginRetry()
    {
        if (Interlocked.Increment(ref _retries) <= _retryLimit)
            return true;
        Interlocked.Decrement(ref _retries);
        return false;
    }

    public void EndRetry() => Interlocked.Decrement(ref _retries);
}
