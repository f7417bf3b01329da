using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Turnpike.Api.Core;
using Turnpike.Routing;

namespace Turnpike.Compiler.Backends;

/// <summary>
/// The current endpoints of each service. It is updated from snapshot to snapshot, and knows the services whose endpoints may have changed.
/// Not thread-safe.
/// </summary>
internal sealed class EndpointIndex(ClusterSnapshot first)
{
    private readonly EndpointPolicy _policy = new(first);
    private readonly PodIndex _pods = new();
    private Dictionary<(string Namespace, string Service), Source> _sources = [];
    private ImmutableArray<EndpointsObject> _endpoints = [];
    private ImmutableArray<PodObject> _nextPods = [];

    /// <summary>Takes in the endpoints of another snapshot, and keeps its pods for <see cref="UpdatePods"/>.</summary>
    public void Update(ClusterSnapshot snapshot)
    {
        if (snapshot.Endpoints != _endpoints)
            UpdateSources(snapshot.Endpoints);
        _nextPods = snapshot.Pods;
    }

    /// <summary>Returns the source of a service's endpoints, which is another object after each change.</summary>
    public Source SourceOf(ServiceObject service) =>
        _sources.GetValueOrDefault((service.Metadata.Namespace, service.Metadata.Name), Source.None);

    /// <summary>Takes in the pods of the snapshot. A source whose pods have changed is replaced by another object.</summary>
    public void UpdatePods()
    {
        if (!_pods.IsUsed && !_policy.NeedsPods)
            return;
        var changed = _pods.Update(_nextPods);
        if (changed.Count == 0)
            return;
        var concerned = _sources
            .Where(source => changed.TryGetValue(source.Key.Namespace, out var pods) && source.Value.IsConcernedBy(pods))
            .ToList();
        foreach (var (key, source) in concerned)
            _sources[key] = new Source(source.Objects);
    }

    /// <summary>Returns the ready endpoints of a port whose pods carry the labels, and the addresses that may not be used.</summary>
    public (ImmutableArray<Endpoint> Endpoints, ImmutableArray<string> Refused) Of(
        ServiceObject service, ServicePort port, ImmutableSortedDictionary<string, string>? labels)
    {
        if (service.Type == BackendIndex.ExternalName)
            return ([], []);
        if (labels is { IsEmpty: false } && !_pods.IsUsed)
        {
            _pods.IsUsed = true;
            _pods.Update(_nextPods);
        }
        var all = SourceOf(service).Objects;
        var sources = all.Any(e => e.FromSlice) ? all.Where(e => e.FromSlice) : all;
        var found = new SortedSet<Endpoint>(Comparer<Endpoint>.Create(CompareEndpoints));
        SortedSet<string>? refused = null;
        foreach (var subset in sources.SelectMany(e => e.Subsets))
        {
            if (!subset.Ports.TryGetValue(port.Name, out var podPort))
                continue;
            foreach (var address in subset.Addresses)
            {
                if (!address.Ready || (labels is { IsEmpty: false } && !_pods.Carries(service.Metadata.Namespace, address, labels)))
                    continue;
                if (_policy.Admits(service, address.Ip, _pods))
                    found.Add(new Endpoint(address.Ip, podPort));
                else
                    (refused ??= new SortedSet<string>(StringComparer.Ordinal)).Add(address.Ip);
            }
        }
        return ([.. found], refused is null ? [] : [.. refused]);
    }

    /// <summary>Returns the diagnostic about addresses of a service that are left out.</summary>
    public Diagnostic Report(ServiceObject service, IReadOnlyCollection<string> refused) => _policy.Report(service, refused);

    private void UpdateSources(ImmutableArray<EndpointsObject> endpoints)
    {
        var groups = new Dictionary<(string, string), List<EndpointsObject>>(_sources.Count);
        foreach (var item in endpoints)
        {
            var key = (item.Metadata.Namespace, item.ServiceName);
            if (!groups.TryGetValue(key, out var group))
                groups.Add(key, group = new List<EndpointsObject>(1));
            group.Add(item);
        }
        var sources = new Dictionary<(string, string), Source>(groups.Count);
        foreach (var (key, group) in groups)
        {
            var objects = CollectionsMarshal.AsSpan(group);
            var isSame = _sources.TryGetValue(key, out var known)
                && known.Objects.AsSpan().SequenceEqual(objects, ReferenceEqualityComparer.Instance);
            sources.Add(key, isSame ? known! : new Source([.. objects]));
        }
        (_sources, _endpoints) = (sources, endpoints);
    }

    private static int CompareEndpoints(Endpoint x, Endpoint y)
    {
        var order = string.CompareOrdinal(x.Address, y.Address);
        return order != 0 ? order : x.Port.CompareTo(y.Port);
    }

    /// <summary>The Endpoints or EndpointSlices of one service.</summary>
    internal sealed class Source(ImmutableArray<EndpointsObject> objects)
    {
        public static Source None { get; } = new([]);

        public ImmutableArray<EndpointsObject> Objects => objects;

        /// <summary>The number of addresses, including those that are not ready or not permitted.</summary>
        public int Addresses { get; } = objects.Sum(e => e.Subsets.Sum(s => s.Addresses.Length));

        public bool IsConcernedBy(ChangedPods pods) => objects.Any(o => o.Subsets.Any(s => s.Addresses.Any(pods.Concern)));
    }
}
