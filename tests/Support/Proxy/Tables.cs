using System.Net;
using Turnpike.Routing;

namespace Turnpike.Tests.Support.Proxy;

/// <summary>Short spellings for tables.</summary>
internal static class Tables
{
    public const string DefaultCluster = "default/service:80";

    public static Route Route(PathMatch? path = null, params string[] clusters) => new()
    {
        Path = path ?? PathMatch.Prefix("/"),
        Targets = [.. (clusters.Length == 0 ? [DefaultCluster] : clusters).Select(c => new WeightedCluster(c, clusters.Length > 1 ? 100 / clusters.Length : 100))],
        Timeout = TimeSpan.FromSeconds(15),
    };

    public static PathEntry Entry(params Route[] routes) => new()
    {
        Path = PathMatch.Prefix("/"),
        Origin = new RouteOrigin("Ingress", "default/ingress", "spec.rules[0].http.paths[0]", "rule 1 path 1"),
        Routes = [.. routes],
    };

    /// <summary>Every host, every path, these routes.</summary>
    public static VirtualHostSet Hosts(params Route[] routes) => new([new VirtualHost("*", [Entry(routes)])]);

    public static Cluster Cluster(params IPEndPoint[] endpoints) => Cluster(DefaultCluster, endpoints);

    public static Cluster Cluster(string name, params IPEndPoint[] endpoints) => new()
    {
        Name = name,
        Endpoints = [.. endpoints.Select(e => new Endpoint(e.Address.ToString(), e.Port))],
    };

    /// <summary>Everything to one cluster, on both listeners.</summary>
    public static RouteTable To(params IPEndPoint[] endpoints) => Of(Cluster(endpoints), Route());

    public static RouteTable Of(Cluster cluster, params Route[] routes) => Of([cluster], routes);

    public static RouteTable Of(Cluster[] clusters, params Route[] routes) => new()
    {
        Version = "test",
        Listeners = IngressListeners.Of(Hosts(routes), Hosts(routes)),
        Clusters = new ClusterSet(clusters),
    };
}
