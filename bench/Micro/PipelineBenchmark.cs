using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using Turnpike.Pipeline;
using Turnpike.Pipeline.Metrics;
using Turnpike.Routing;

namespace Turnpike.Bench.Micro;

/// <summary>
/// What the pipeline itself costs a request: a GET with three headers and a response of 1 KB, between a front and an upstream client
/// that do nothing.
/// </summary>
public class PipelineBenchmark
{
    private const string Host = "shop.example.com";
    private const string Service = "shop/web:80";

    private readonly NullExchange _exchange = new();
    private ProxyPipeline _plain = null!;
    private ProxyPipeline _retrying = null!;
    private ProxyPipeline _redirecting = null!;

    /// <summary>Builds the pipelines, and fails where one does not do what it is measured for.</summary>
    [GlobalSetup]
    public async Task SetUpAsync()
    {
        var route = new Route
        {
            Path = PathMatch.Prefix("/"),
            Targets = [new WeightedCluster(Service, 100)],
            Timeout = TimeSpan.FromSeconds(15),
        };
        _plain = Start(route);
        _retrying = Start(route with { Retry = new RetryPolicy(3) });
        _redirecting = Start(route with { Redirect = new RedirectAction(301, null, null, "/elsewhere") });
        await CheckAsync(Forward, 200, NullUpstream.BodyLength);
        await CheckAsync(ForwardWithRetryPolicy, 200, NullUpstream.BodyLength);
        await CheckAsync(Redirect, 301, 0);
    }

    [Benchmark(Baseline = true)]
    public ValueTask Forward() => RunAsync(_plain);

    [Benchmark]
    public ValueTask ForwardWithRetryPolicy() => RunAsync(_retrying);

    [Benchmark]
    public ValueTask Redirect() => RunAsync(_redirecting);

    private ValueTask RunAsync(ProxyPipeline pipeline)
    {
        _exchange.Begin("shop.example.com"u8);
        return pipeline.HandleAsync(_exchange);
    }

    private async Task CheckAsync(Func<ValueTask> benchmark, int status, long bytes)
    {
        await benchmark();
        if (_exchange.Response.Status != status || _exchange.BytesWritten != bytes)
        {
            throw new InvalidOperationException(
                $"the response is {_exchange.Response.Status} with {_exchange.BytesWritten} bytes, not {status} with {bytes}");
        }
    }

    private static ProxyPipeline Start(Route route)
    {
        var origin = new RouteOrigin("Ingress", "shop/web", "spec.rules[0].http.paths[0]", "rule 1 path 1");
        var entry = new PathEntry { Path = PathMatch.Prefix("/"), Origin = origin, Routes = [route] };
        var hosts = new VirtualHostSet([new VirtualHost(Host, [entry])]);
        var cluster = new Cluster { Name = Service, Endpoints = [new Endpoint("10.0.0.1", 80), new Endpoint("10.0.0.2", 80)] };
        var pipeline = new ProxyPipeline(
            NullExchange.Listeners,
            new NullUpstream(),
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
