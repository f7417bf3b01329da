using Turnpike.Routing;

namespace Turnpike.IngressProxy.Pipeline;

/// <summary>An endpoint with what the proxy keeps about it from request to request.</summary>
internal sealed class UpstreamEndpoint(Endpoint endpoint)
{
    private int _active;

    public Endpoint Endpoint { get; } = endpoint;

    public string BaseUri { get; } = $"http://{endpoint}";

    public int Active => Volatile.Read(ref _active);

    public void Begin() => Interlocked.Increment(ref _active);

    public void End() => Interlocked.Decrement(ref _active);
}

/// <summary>A cluster of the table with its load balancing and retry budget, which outlive the table where the cluster does.</summary>
internal sealed class ClusterState
{
    private readonly UpstreamEndpoint[] _endpoints;
    private readonly Rotation _rotation;

    private ClusterState(Cluster cluster, UpstreamEndpoint[] endpoints, Rotation rotation, RetryBudget retries)
    {
        Cluster = cluster;
        _endpoints = endpoints;
        _rotation = rotation;
        Retries = retries;
    }

    public Cluster Cluster { get; }

    public RetryBudget Retries { get; }

    public int EndpointCount => _endpoints.Length;

    public static ClusterState Create(Cluster cluster, ClusterState? previous, TimeProvider time)
    {
        if (previous is null)
            return new ClusterState(cluster, [.. cluster.Endpoints.Select(e => new UpstreamEndpoint(e))], new Rotation(), new RetryBudget(time));
        if (ReferenceEquals(previous.Cluster, cluster))
            return previous;
        if (cluster.Endpoints.AsSpan().SequenceEqual(previous.Cluster.Endpoints.AsSpan()))
            return new ClusterState(cluster, previous._endpoints, previous._rotation, previous.Retries);
        var known = previous._endpoints.DistinctBy(e => e.Endpoint).ToDictionary(e => e.Endpoint);
        return new ClusterState(
            cluster,
            [.. cluster.Endpoints.Select(e => known.GetValueOrDefault(e) ?? new UpstreamEndpoint(e))],
            new Rotation(),
            previous.Retries);
    }

    /// <summary>The endpoint for the next request, or null where there is none.</summary>
    /// <param name="random">For the policies that need it.</param>
    /// <param name="other">An endpoint that just failed: avoided where there is another.</param>
    public UpstreamEndpoint? Pick(Random random, UpstreamEndpoint? other = null)
    {
        if (_endpoints.Length < 2)
            return _endpoints.Length == 0 ? null : _endpoints[0];
        var index = Cluster.LoadBalancing switch
        {
            LoadBalancing.Random => random.Next(_endpoints.Length),
            LoadBalancing.LeastRequest => LeastLoaded(random),
            _ => _rotation.Next(_endpoints.Length),
        };
        var picked = _endpoints[index];
        return ReferenceEquals(picked, other) ? _endpoints[(index + 1) % _endpoints.Length] : picked;
    }

    /// <summary>The power of two choices: nearly as even as looking at all of them, and no herd runs to the one that is idle.</summary>
    private int LeastLoaded(Random random)
    {
        var first = random.Next(_endpoints.Length);
        var second = (first + 1 + random.Next(_endpoints.Length - 1)) % _endpoints.Length;
        return _endpoints[second].Active < _endpoints[first].Active ? second : first;
    }

    private sealed class Rotation
    {
        private int _next = -1;

        public int Next(int count) => (int)((uint)Interlocked.Increment(ref _next) % (uint)count);
    }
}
