using System.Diagnostics.Metrics;

namespace Turnpike.Discovery;

/// <summary>The metrics of discovery, under the meter <see cref="MeterName"/>.</summary>
public sealed class DiscoveryMetrics
{
    public const string MeterName = "Turnpike.Discovery";

    private readonly Histogram<double> _compilations;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _tables;
    private readonly Counter<long> _outcomes;

    public DiscoveryMetrics(IMeterFactory meters, DiscoveryStates states, ProxyRegistry registry)
    {
        var meter = meters.Create(MeterName);
        _compilations = meter.CreateHistogram<double>("turnpike.table.compilation.duration", "s", "Compilations of the cluster");
        _failures = meter.CreateCounter<long>("turnpike.table.compilation.failures", description: "Compilations that failed; the last table stays");
        _tables = meter.CreateCounter<long>("turnpike.table.changes", description: "Compilations that made another table");
        _outcomes = meter.CreateCounter<long>("turnpike.proxy.updates", description: "Updates that proxies answered, by outcome: acknowledged or refused");
        meter.CreateObservableGauge("turnpike.proxy.connected", () => registry.Count, description: "Proxies that are connected to this replica");
        meter.CreateObservableGauge(
            "turnpike.proxy.behind",
            () => states.Current is { } state ? registry.All.Count(p => p.TableVersion != state.Table.Version) : 0,
            description: "Connected proxies that do not have the newest table in force");
        meter.CreateObservableGauge(
            "turnpike.table.info",
            () => states.Current is { } state ? [new Measurement<int>(1, new KeyValuePair<string, object?>("version", state.Table.Version))] : Array.Empty<Measurement<int>>(),
            description: "The newest table, by version");
        meter.CreateObservableGauge(
            "turnpike.table.objects", () => states.Current is { } state ? Objects(state) : [], description: "What the newest table was made of and has, by kind");
    }

    internal void Compiled(TimeSpan elapsed, bool changed)
    {
        _compilations.Record(elapsed.TotalSeconds);
        if (changed)
            _tables.Add(1);
    }

    internal void CompilationFailed() => _failures.Add(1);

    internal void Acknowledged(bool taken) => _outcomes.Add(1, new KeyValuePair<string, object?>("outcome", taken ? "acknowledged" : "refused"));

    private static IEnumerable<Measurement<int>> Objects(DiscoveryState state)
    {
        static Measurement<int> Of(string kind, int count) => new(count, new KeyValuePair<string, object?>("kind", kind));
        return
        [
            Of("ingress", state.Snapshot.Ingresses.Length),
            Of("routerule", state.Snapshot.RouteRules.Length),
            Of("host", state.Table.VirtualHostCount),
            Of("cluster", state.Table.Clusters.All.Length),
            Of("certificate", state.Table.Certificates.Length),
        ];
    }
}
