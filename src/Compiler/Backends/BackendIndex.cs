using System.Collections.Immutable;
using System.Globalization;
using Turnpike.Api;
using Turnpike.Api.Core;
using Turnpike.Compiler.Incremental;
using Turnpike.Compiler.Limits;
using Turnpike.Routing;

namespace Turnpike.Compiler.Backends;

/// <summary>Finds services, and makes a cluster for each service port and subset that a route refers to.</summary>
internal sealed class BackendIndex
{
    /// <summary>
    /// The type of Service that is not followed: anyone who may write a Service could point the proxy at any address that it can reach.
    /// </summary>
    public const string ExternalName = "ExternalName";

    // A cluster without endpoints is so small that no namespace pays for it.
    private const string NoPayer = "";

    private readonly ClusterSnapshot _snapshot;
    private readonly NamespaceBudget? _budget;
    private readonly Unit.Recorder? _recorder;
    private readonly Dictionary<(string Namespace, string Name), ServiceObject> _services;
    private readonly Lazy<Dictionary<string, ServiceObject>> _servicesByHost;
    private readonly SortedDictionary<string, ClusterUnit> _clusters = new(StringComparer.Ordinal);
    private ClusterSet _set = ClusterSet.Empty;
    private bool _isChanged = true;

    /// <param name="snapshot">The services, and the settings that hold for all snapshots of <see cref="Update"/>.</param>
    /// <param name="budget">The budget that clusters are charged to; null when no cluster is made.</param>
    /// <param name="recorder">Records the clusters that a unit refers to.</param>
    public BackendIndex(ClusterSnapshot snapshot, NamespaceBudget? budget = null, Unit.Recorder? recorder = null)
    {
        (_snapshot, _budget, _recorder) = (snapshot, budget, recorder);
        _services = snapshot.Services.ToDictionary(s => (s.Metadata.Namespace, s.Metadata.Name));
        _servicesByHost = new(
            () => snapshot.Services
                .DistinctBy(HostOf, StringComparer.OrdinalIgnoreCase)
                .ToDictionary(HostOf, StringComparer.OrdinalIgnoreCase),
            isThreadSafe: false);
        Endpoints = new EndpointIndex(snapshot);
        Authorities = new BackendAuthorities(snapshot);
    }

    public EndpointIndex Endpoints { get; }

    public BackendAuthorities Authorities { get; }

    public ServiceObject? Find(string ns, string name) => _services.GetValueOrDefault((ns, name));

    /// <param name="host">A full host name such as <c>httpbin.default.svc.cluster.local</c>.</param>
    public ServiceObject? FindByHost(string host) => _servicesByHost.Value.GetValueOrDefault(host);

    public string HostOf(ServiceObject service) => $"{service.Metadata.Name}.{service.Metadata.Namespace}.svc.{_snapshot.Mesh.Domain}";

    /// <summary>
    /// Returns the name of the cluster for a backend and the pods that carry <paramref name="labels"/>; null when the namespace has no room
    /// for it.
    /// </summary>
    /// <param name="backend">A port of a service, and the settings of the Ingress for its backends.</param>
    /// <param name="labels">The labels of the pods; null or empty for all pods of the service.</param>
    /// <param name="payer">The namespace that pays for the cluster.</param>
    /// <param name="excess">Why there is no cluster: the payer's part of the table is used up.</param>
    public string? ClusterFor(Backend backend, ImmutableSortedDictionary<string, string>? labels, string payer, out string? excess)
    {
        excess = null;
        var (service, port) = (backend.Service, backend.Port);
        var name = string.Create(CultureInfo.InvariantCulture, $"{service.Metadata}:{port.Port}");
        if (labels is { IsEmpty: false })
            name += "{" + string.Join(',', labels.Select(l => $"{l.Key}={l.Value}")) + "}";
        name += backend.Options.OfCluster(port);
        var cluster = _clusters.GetValueOrDefault(name);
        if (cluster?.Backend is null)
        {
            var (tls, lacksAuthority) = TlsOf(backend);
            cluster ??= new ClusterUnit(name);
            (cluster.Labels, cluster.Tls, cluster.LacksAuthority) = (labels, tls, lacksAuthority);
            // The first payer that refers to the cluster pays. When the limit is not enforced, all payers are charged at the end.
            if (_budget is { IsEnforced: true })
                excess = _budget.Spend(payer, CostOf(name, backend, tls));
            if (excess is not null)
                return null;
            (cluster.Backend, cluster.Built) = (backend, null);
            _clusters[name] = cluster;
        }
        _recorder?.Add(cluster, payer);
        return name;
    }

    /// <summary>Returns true when TLS is spoken to the endpoints of a cluster that was requested before.</summary>
    public bool SpeaksTls(string cluster) => _clusters.TryGetValue(cluster, out var found) && found.Tls is not null;

    /// <summary>
    /// Returns the name of a cluster without endpoints, for a backend that does not exist. The path stays taken, and its requests get 503.
    /// </summary>
    public string EmptyCluster(string ns, string backend)
    {
        var name = $"{ns}/{backend}";
        if (!_clusters.TryGetValue(name, out var cluster))
            _clusters.Add(name, cluster = new ClusterUnit(name));
        _recorder?.Add(cluster, NoPayer);
        return name;
    }

    /// <summary>Takes in the endpoints and pods of another snapshot.</summary>
    public void Update(ClusterSnapshot snapshot) => Endpoints.Update(snapshot);

    /// <summary>Counts the references from a list of routes to its clusters.</summary>
    public static void Use(Unit list)
    {
        foreach (var (cluster, payer) in list.Clusters)
            cluster.Payers[payer] = cluster.Payers.GetValueOrDefault(payer) + 1;
    }

    /// <summary>Removes the references from a list of routes that is dropped, and the clusters to which no other list refers.</summary>
    public void Release(Unit list)
    {
        foreach (var (cluster, payer) in list.Clusters)
        {
            if (--cluster.Payers[payer] == 0)
                cluster.Payers.Remove(payer);
            if (cluster.Payers.Count == 0 && _clusters.Remove(cluster.Name))
                _isChanged = true;
            else if (cluster.Backend is not null && cluster.Payers.Keys.All(p => p == NoPayer))
                (cluster.Backend, cluster.Tls, cluster.Built) = (null, null, null);
        }
    }

    /// <summary>Adds the cost of each cluster, in bytes, to what its payers have spent.</summary>
    public void Charge(Dictionary<string, long> spent)
    {
        foreach (var (name, cluster) in _clusters)
        {
            if (cluster.Backend is not { } backend)
                continue;
            var cost = CostOf(name, backend, cluster.Tls);
            foreach (var (payer, _) in cluster.Payers)
            {
                if (payer != NoPayer)
                    spent[payer] = spent.GetValueOrDefault(payer) + cost;
            }
        }
    }

    /// <summary>
    /// Makes the clusters whose endpoints may have changed. The others, and the set if none has changed, are the same objects as before.
    /// </summary>
    public ClusterSet Build()
    {
        Endpoints.UpdatePods();
        foreach (var cluster in _clusters.Values)
        {
            var source = cluster.Backend is { } backend ? Endpoints.SourceOf(backend.Service) : EndpointIndex.Source.None;
            if (cluster.Built is not null && ReferenceEquals(cluster.Source, source))
                continue;
            Build(cluster);
            // Building a subset may read the pods for the first time. That renews no source that was not renewed before.
            cluster.Source = source;
            _isChanged = true;
        }
        if (_isChanged)
            _set = ClusterSet.OfSorted([.. _clusters.Values.Select(c => c.Built!)]);
        _isChanged = false;
        return _set;
    }

    /// <summary>Returns a diagnostic for each service of which addresses were left out of the clusters.</summary>
    public ImmutableArray<Diagnostic> RefusedAddresses()
    {
        SortedDictionary<string, (ServiceObject Service, SortedSet<string> Addresses)>? refused = null;
        foreach (var cluster in _clusters.Values)
        {
            if (cluster.Refused.IsEmpty || cluster.Backend is not { Service: var service })
                continue;
            refused ??= new(StringComparer.Ordinal);
            if (!refused.TryGetValue(service.Metadata.ToString(), out var of))
                refused.Add(service.Metadata.ToString(), of = (service, new SortedSet<string>(StringComparer.Ordinal)));
            of.Addresses.UnionWith(cluster.Refused);
        }
        return refused is null ? [] : [.. refused.Values.Select(r => Endpoints.Report(r.Service, r.Addresses))];
    }

    private int CostOf(string name, Backend backend, UpstreamTls? tls) =>
        NamespaceBudget.OfCluster(name, Endpoints.SourceOf(backend.Service).Addresses) + (tls?.AuthorityPem?.Length ?? 0);

    private void Build(ClusterUnit cluster)
    {
        if (cluster.Backend is not { } backend)
        {
            cluster.Built = new Cluster { Name = cluster.Name };
            return;
        }
        var (service, port) = (backend.Service, backend.Port);
        (var endpoints, cluster.Refused) = cluster.LacksAuthority ? ([], []) : Endpoints.Of(service, port, cluster.Labels);
        cluster.Built = new Cluster
        {
            Name = cluster.Name,
            Endpoints = endpoints,
            Protocol = backend.Protocol.Protocol,
            Tls = cluster.Tls,
            LacksAuthority = cluster.LacksAuthority,
            LoadBalancing = LoadBalancingOf(service),
            ConnectTimeout = _snapshot.Mesh.ConnectTimeout,
            Host = _snapshot.Mesh.UpstreamHost == Api.Mesh.UpstreamHost.Service
                ? string.Create(CultureInfo.InvariantCulture, $"{HostOf(service)}:{port.Port}")
                : null,
        };
    }

    /// <summary>
    /// Certificates within a Kubernetes cluster are issued for the service's name there, so that name is the server name when the Ingress
    /// gives none. When the authority is not available, the cluster gets no endpoints: an object that asks for verification must not be
    /// served without it.
    /// </summary>
    private (UpstreamTls? Tls, bool LacksAuthority) TlsOf(Backend backend)
    {
        if (!backend.Protocol.Tls)
            return (null, false);
        var tls = new UpstreamTls
        {
            ServerName = backend.Options.ServerName ?? $"{backend.Service.Metadata.Name}.{backend.Service.Metadata.Namespace}.svc",
        };
        if (backend.Options.Authority is not { } authority)
            return (tls, false);
        var pem = Authorities.PemOf(authority);
        return (tls with { Authority = authority, AuthorityPem = pem }, pem.Length == 0);
    }

    private static LoadBalancing LoadBalancingOf(ServiceObject service) =>
        service.Metadata.Annotations.GetValueOrDefault(Names.LoadBalancingAnnotation) switch
        {
            Names.RandomChoice => LoadBalancing.Random,
            Names.LeastRequest => LoadBalancing.LeastRequest,
            _ => LoadBalancing.RoundRobin,
        };
}

/// <summary>A cluster to which units refer.</summary>
internal sealed class ClusterUnit(string name)
{
    public string Name => name;

    /// <summary>The backend; null for a cluster without endpoints.</summary>
    public Backend? Backend { get; set; }

    public ImmutableSortedDictionary<string, string>? Labels { get; set; }

    public UpstreamTls? Tls { get; set; }

    public bool LacksAuthority { get; set; }

    /// <summary>The namespaces that pay for the cluster, each with the number of lists of routes that refer to it on its behalf.</summary>
    public Dictionary<string, int> Payers { get; } = new(StringComparer.Ordinal);

    /// <summary>The cluster as it was built last.</summary>
    public Cluster? Built { get; set; }

    /// <summary>The source of the endpoints that the cluster was built from.</summary>
    public EndpointIndex.Source? Source { get; set; }

    /// <summary>The addresses that were left out.</summary>
    public ImmutableArray<string> Refused { get; set; } = [];
}

internal static class Labels
{
    public static bool Contain(ImmutableSortedDictionary<string, string> all, ImmutableSortedDictionary<string, string> wanted) =>
        wanted.All(w => all.TryGetValue(w.Key, out var value) && value == w.Value);
}
