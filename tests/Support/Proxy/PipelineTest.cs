using Microsoft.Extensions.Time.Testing;
using Turnpike.Pipeline;
using Turnpike.Pipeline.Metrics;
using Turnpike.Routing;

namespace Turnpike.Tests.Support.Proxy;

/// <summary>A pipeline without any server or client, and with a clock that tests move.</summary>
public abstract class PipelineTest
{
    internal FakeTimeProvider Time { get; } = new();

    internal IDeadlines Deadlines => field ??= new DeadlineTimer(Time);

    internal ScriptedRandom Random { get; } = new();

    internal RecordingLogger Logs { get; } = new();

    internal ProxyMetrics Metrics { get; } = new(FakeExchange.Listeners);

    internal ProxyPipeline Start(IUpstreamClient client, RouteTable table, BodyBudget? budget = null, RequestBudget? memory = null)
    {
        var pipeline = new ProxyPipeline(
            FakeExchange.Listeners, client, Metrics, Logs.CreateLogger("test"), Random, Time, Deadlines, budget, memory);
        pipeline.Swap(table);
        return pipeline;
    }

    internal async Task<FakeExchange> RunAsync(IUpstreamClient client, RouteTable table, FakeExchange? exchange = null)
    {
        exchange ??= new FakeExchange();
        await Start(client, table).HandleAsync(exchange);
        Assert.Equal(0, Metrics.ActiveRequests);
        Assert.DoesNotContain(Logs.Lines, l => l.StartsWith("Error", StringComparison.Ordinal));
        return exchange;
    }

    internal Task<FakeExchange> RunAsync(IUpstreamClient client, Route route, FakeExchange? exchange = null) =>
        RunAsync(client, Tables.Of(Cluster(), route), exchange);

    /// <summary>Runs to the end, with time passing whenever code waits for it.</summary>
    internal async Task<FakeExchange> RunInTimeAsync(IUpstreamClient client, RouteTable table, TimeSpan step, FakeExchange? exchange = null)
    {
        exchange ??= new FakeExchange();
        var run = Start(client, table).HandleAsync(exchange).AsTask();
        await Wait.Advance(Time, step, run, most: TimeSpan.FromDays(1));
        await run;
        return exchange;
    }

    internal static Cluster Cluster(int endpoints = 1, string name = Tables.DefaultCluster) => new()
    {
        Name = name,
        Endpoints = [.. Enumerable.Range(1, endpoints).Select(i => new Endpoint($"10.0.0.{i}", 80))],
    };

    /// <summary>Draws what it is told to; then like any other.</summary>
    internal sealed class ScriptedRandom : Random
    {
        public Queue<double> Doubles { get; } = new();

        public Queue<int> Integers { get; } = new();

        public override double NextDouble() => Doubles.TryDequeue(out var next) ? next : base.NextDouble();

        public override int Next(int maxValue) => Integers.TryDequeue(out var next) ? next : base.Next(maxValue);
    }
}
