using System.Collections.Immutable;
using System.Globalization;
using Turnpike.Api;
using Turnpike.Api.Core;
using Turnpike.Compiler.Limits;
using Turnpike.Routing;

namespace Turnpike.Compiler.Backends;

/// <summary>Finds services, and makes a cluster of each service port and subset that a route asks for.</summary>
internal sealed class BackendIndex
{
    /// <summary>
    /// The type of Service that is not followed: it would let everybody who may write a Service point the proxy at any address that the proxy can reach.
    /// </summary>
    public const string ExternalName = "ExternalName";

    private readonly ClusterSnapshot _snapshot;
    private readonly Dictionary<(string Namespace, string Name), ServiceObject> _services;
    private readonly Dictionary<string, ServiceObject> _servicesByHost;
    private readonly ILookup<(string Namespace, string Service), EndpointsObject> _endpoints;
    private readonly Lazy<PodIndex> _pods;
    private readonly SortedDictionary<string, Cluster> _clusters = new(StringComparer.Ordinal);

    public BackendIndex(ClusterSnapshot snapshot)
    {
        _snapshot = snapshot;
        _services = snapshot.Services.ToDictionary(s => (s.Metadata.Namespace, s.Metadata.Name));
        _servicesByHost = snapshot.Services.DistinctBy(HostOf, StringComparer.OrdinalIgnoreCase).ToDictionary(HostOf, StringComparer.OrdinalIgnoreCase);
        _endpoints = snapshot.Endpoints.ToLookup(e => (e.Metadata.Namespace, e.ServiceName));
        Addresses = new EndpointPolicy(snapshot);
        Authorities = new BackendAuthorities(snapshot);
        _pods = new Lazy<PodIndex>(() => new PodIndex(snapshot.Pods), isThreadSafe: false);
    }

    public EndpointPolicy Addresses { get; }

    public BackendAuthorities Authorities { get; }

    /// <summary>The budget that clusters are charged to; null where they are not counted.</summary>
    public NamespaceBudget? Budget { get; init; }

    public IEnumerable<Cluster> Clusters => _clusters.Values;

    public ServiceObject? Find(string ns, string name) => _services.GetValueOrDefault((ns, name));

    /// <param name="host">A full host name such as <c>httpbin.default.svc.cluster.local</c>.</param>
    public ServiceObject? FindByHost(string host) => _servicesByHost.GetValueOrDefault(host);

    public string HostOf(ServiceObject service) => $"{service.Metadata.Name}.{service.Metadata.Namespace}.svc.{_snapshot.Mesh.Domain}";

    /// <summary>The name of the cluster for a backend and the pods that carry <paramref name="labels"/>; made when first asked for.</summary>
    /// <param name="backend">A port of a service, and what an Ingress says of the way there.</param>
    /// <param name="labels">Null or empty for all its pods.</param>
    /// <param name="payer">The namespace that asks for it.</param>
    /// <param name="excess">Why it cannot be had: the payer's part of the table is used up.</param>
    public string? ClusterFor(Backend backend, ImmutableSortedDictionary<string, string>? labels, string payer, out string? excess)
    {
        excess = null;
        var (service, port) = (backend.Service, backend.Port);
        var name = string.Create(CultureInfo.InvariantCulture, $"{service.Metadata}:{port.Port}");
        if (labels is { IsEmpty: false })
            name += "{" + string.Join(',', labels.Select(l => $"{l.Key}={l.Value}")) + "}";
        name += backend.Options.OfCluster(port);
        if (!_clusters.ContainsKey(name))
        {
            var endpoints = _endpoints[(service.Metadata.Namespace, service.Metadata.Name)].Sum(e => e.Subsets.Sum(s => s.Addresses.Length));
            var (tls, lacksAuthority) = TlsOf(backend);
            excess = Budget?.Spend(payer, NamespaceBudget.OfCluster(name, endpoints) + (tls?.AuthorityPem?.Length ?? 0));
            if (excess is not null)
                return null;
            _clusters.Add(name, new Cluster
            {
                Name = name,
                Endpoints = lacksAuthority ? [] : EndpointsOf(service, port, labels),
                Protocol = backend.Protocol.Protocol,
                Tls = tls,
                LacksAuthority = lacksAuthority,
                LoadBalancing = LoadBalancingOf(service),
                ConnectTimeout = _snapshot.Mesh.ConnectTimeout,
                Host = _snapshot.Mesh.UpstreamHost == Api.Mesh.UpstreamHost.Service
                    ? string.Create(CultureInfo.InvariantCulture, $"{HostOf(service)}:{port.Port}")
                    : null,
            });
        }
        return name;
    }

    /// <summary>Whether TLS is spoken to the endpoints of a cluster that was made before.</summary>
    public bool SpeaksTls(string cluster) => _clusters.TryGetValue(cluster, out var found) && found.Tls is not null;

    /// <summary>The name of a cluster without endpoints, for a backend that is not there: its path stays taken and answers 503.</summary>
    public string EmptyCluster(string ns, string backend)
    {
        var name = $"{ns}/{backend}";
        _clusters.TryAdd(name, new Cluster { Name = name });
        return name;
    }

    /// <summary>
    /// Certificates within a cluster are for the service's name there, so that is the one that is asked for where the Ingress gives none. Where the authority
    /// is not to be had, nothing is sent: an object that asks for verification must not be served without it.
    /// </summary>
    private (UpstreamTls? Tls, bool LacksAuthority) TlsOf(Backend backend)
    {
        if (!backend.Protocol.Tls)
            return (null, false);
        var tls = new UpstreamTls { ServerName = backend.Options.ServerName ?? $"{backend.Service.Metadata.Name}.{backend.Service.Metadata.Namespace}.svc" };
        if (backend.Options.Authority is not { } authority)
            return (tls, false);
        var pem = Authorities.PemOf(authority);
        return (tls with { Authority = authority, AuthorityPem = pem }, pem.Length == 0);
    }

    private ImmutableArray<Endpoint> EndpointsOf(ServiceObject service, ServicePort port, ImmutableSortedDictionary<string, string>? labels)
    {
        if (service.Type == ExternalName)
            return [];
        var all = _endpoints[(service.Metadata.Namespace, service.Metadata.Name)];
        var sources = all.Any(e => e.FromSlice) ? all.Where(e => e.FromSlice) : all;
        var found = new SortedSet<Endpoint>(Comparer<Endpoint>.Create(CompareEndpoints));
        foreach (var subset in sources.SelectMany(e => e.Subsets))
        {
            if (!subset.Ports.TryGetValue(port.Name, out var podPort))
                continue;
            foreach (var address in subset.Addresses)
            {
                if (address.Ready && (labels is null or { IsEmpty: true } || _pods.Value.Carries(service.Metadata.Namespace, address, labels)) && Addresses.Admits(service, address.Ip))
                    found.Add(new Endpoint(address.Ip, podPort));
            }
        }
        return [.. found];
    }

    private static LoadBalancing LoadBalancingOf(ServiceObject service) =>
        service.Metadata.Annotations.GetValueOrDefault(Names.LoadBalancingAnnotation) switch
        {
            Names.RandomChoice => LoadBalancing.Random,
            Names.LeastRequest => LoadBalancing.LeastRequest,
            _ => LoadBalancing.RoundRobin,
        };

    private static int CompareEndpoints(Endpoint x, Endpoint y)
    {
        var order = string.CompareOrdinal(x.Address, y.Address);
        return order != 0 ? order : x.Port.CompareTo(y.Port);
    }

    /// <summary>Pods by name and by address: an endpoint that does not name its pod is found by its address.</summary>
    private sealed class PodIndex(ImmutableArray<PodObject> pods)
    {
        private readonly Dictionary<(string, string), PodObject> _byName = pods.ToDictionary(p => (p.Metadata.Namespace, p.Metadata.Name));
        private readonly ILookup<(string, string), PodObject> _byIp =
            pods.SelectMany(p => p.Ips.Select(ip => (p, ip))).ToLookup(x => (x.p.Metadata.Namespace, x.ip), x => x.p);

        public bool Carries(string ns, EndpointAddress address, ImmutableSortedDictionary<string, string> labels)
        {
            var pod = address.PodName is { } name ? _byName.GetValueOrDefault((ns, name)) : _byIp[(ns, address.Ip)].FirstOrDefault();
            return pod is not null && Labels.Contain(pod.Metadata.Labels, labels);
        }
    }
}

internal static class Labels
{
    public static bool Contain(ImmutableSortedDictionary<string, string> all, ImmutableSortedDictionary<string, string> wanted) =>
        wanted.All(w => all.TryGetValue(w.Key, out var value) && value == w.Value);
}
