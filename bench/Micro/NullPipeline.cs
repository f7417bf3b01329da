using Microsoft.Extensions.Logging.Abstractions;
using Turnpike.Pipeline;
using Turnpike.Pipeline.Metrics;
using Turnpike.Routing;

namespace Turnpike.Bench.Micro;

/// <summary>Pipelines between a front and an upstream client that do nothing.</summary>
internal static class NullPipeline
{
    public const string Host = "shop.example.com";

    private const string Service = "shop/web:80";

    /// <summary>A route for every path, with a timeout.</summary>
    public static Route Route { get; } = new()
    {
        Path = PathMatch.Prefix("/"),
        Targets = [new WeightedCluster(Service, 100)],
        Timeout = TimeSpan.FromSeconds(15),
    };

    /// <summary>Starts a pipeline with one route, whose cluster has two endpoints.</summary>
    public static ProxyPipeline Start(Route route, NullUpstream? upstream = null)
    {
        var origin = new RouteOrigin("Ingress", "shop/web", "spec.rules[0].http.paths[0]", "rule 1 path 1");
        var entry = new PathEntry { Path = PathMatch.Prefix("/"), Origin = origin, Routes = [route] };
        var hosts = new VirtualHostSet([new VirtualHost(Host, [entry])]);
        var cluster = new Cluster { Name = Service, Endpoints = [new Endpoint("10.0.0.1", 80), new Endpoint("10.0.0.2", 80)] };
        var pipeline = new ProxyPipeline(
            NullExchange.Listeners,
            upstream ?? new NullUpstream(),
            new ProxyMetrics(NullExchange.Listeners),
            NullLogger.Instance,
            new Random(1),
            TimeProvider.System,
            new DeadlineTimer(TimeProvider.System));
        var listeners = IngressListeners.Of(hosts, hosts);
        pipeline.Swap(new RouteTable { Version = "bench", Listeners = listeners, Clusters = new ClusterSet([cluster]) });
        return pipeline;
    }
}
