using BenchmarkDotNet.Attributes;
using Turnpike.Pipeline;
using Turnpike.Routing;

namespace Turnpike.Bench.Micro;

/// <summary>
/// Measures the pipeline's cost of a request: a GET with three headers and a response of 1 KB, between a front and an upstream client
/// that do nothing.
/// </summary>
public class PipelineBenchmark
{
    private readonly NullExchange _exchange = new();
    private ProxyPipeline _plain = null!;
    private ProxyPipeline _retrying = null!;
    private ProxyPipeline _waiting = null!;
    private ProxyPipeline _redirecting = null!;

    /// <summary>Builds the pipelines, and fails where one does not do what it is measured for.</summary>
    [GlobalSetup]
    public async Task SetUpAsync()
    {
        var route = NullPipeline.Route;
        _plain = NullPipeline.Start(route);
        _retrying = NullPipeline.Start(route with { Retry = new RetryPolicy(3) });
        _waiting = NullPipeline.Start(route, new NullUpstream { Waits = true });
        _redirecting = NullPipeline.Start(route with { Redirect = new RedirectAction(301, null, null, "/elsewhere") });
        await CheckAsync(Forward, 200, NullUpstream.BodyLength);
        await CheckAsync(ForwardWithRetryPolicy, 200, NullUpstream.BodyLength);
        await CheckAsync(ForwardAndWait, 200, NullUpstream.BodyLength);
        await CheckAsync(Redirect, 301, 0);
    }

    [Benchmark(Baseline = true)]
    public ValueTask Forward() => RunAsync(_plain);

    [Benchmark]
    public ValueTask ForwardWithRetryPolicy() => RunAsync(_retrying);

    /// <summary>The endpoint takes its time, so that everything on the way has to wait for it.</summary>
    [Benchmark]
    public ValueTask ForwardAndWait() => RunAsync(_waiting);

    [Benchmark]
    public ValueTask Redirect() => RunAsync(_redirecting);

    private ValueTask RunAsync(ProxyPipeline pipeline)
    {
        _exchange.Begin();
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
}
