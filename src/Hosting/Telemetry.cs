using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Turnpike.Hosting.Client;

namespace Turnpike.Hosting;

/// <summary>The metrics of this room, under the meter <see cref="MeterName"/>.</summary>
public static class Telemetry
{
    public const string MeterName = "Turnpike.Hosting";

    private static readonly Meter Meter = new(MeterName);

    internal static readonly Counter<long> Lists =
        Meter.CreateCounter<long>("turnpike.informer.lists", description: "Full lists of a kind");

    internal static readonly Counter<long> Watches =
        Meter.CreateCounter<long>("turnpike.informer.watches", description: "Watches opened");

    internal static readonly Counter<long> Events =
        Meter.CreateCounter<long>("turnpike.informer.events", description: "Watch events received, bookmarks included");

    internal static readonly Counter<long> WatchFailures =
        Meter.CreateCounter<long>("turnpike.informer.failures", description: "Lists and watches that ended in an error");

    internal static readonly Histogram<double> Reconciles =
        Meter.CreateHistogram<double>("turnpike.reconcile.duration", "s", "Calls of a reconciler, by result");

    internal static readonly UpDownCounter<int> Leading =
        Meter.CreateUpDownCounter<int>("turnpike.election.leading", description: "1 while this replica leads");

    internal static readonly Histogram<double> Admissions =
        Meter.CreateHistogram<double>("turnpike.admission.duration", "s", "Admission requests, by path and result");

    internal static readonly Counter<long> CertificateSwaps =
        Meter.CreateCounter<long>("turnpike.certificate.swaps", description: "Serving certificates put into use");

    internal static readonly Gauge<double> CertificateExpiry =
        Meter.CreateGauge<double>(
            "turnpike.certificate.expiry.timestamp", "s", "Time at which the serving certificate expires, in seconds since 1970");

    internal static readonly Histogram<double> Requests =
        Meter.CreateHistogram<double>(
            "turnpike.api.request.duration",
            "s",
            "Requests to the API server until the response headers, by method and status code; 0 when there was no response");

    internal static readonly Counter<long> Refusals =
        Meter.CreateCounter<long>(
            "turnpike.server.refusals", description: "Connections and requests refused by the limits of a port, by port and reason");

    private static readonly ConcurrentDictionary<string, Func<int>> Queues = new(StringComparer.Ordinal);

    static Telemetry() => Meter.CreateObservableGauge(
        "turnpike.reconcile.queue.length",
        () => Queues.Select(q => new Measurement<int>(q.Value(), Loop(q.Key))),
        description: "Keys that wait for a reconciler, by loop");

    internal static KeyValuePair<string, object?> Loop(string name) => new("loop", name);

    /// <summary>Measures the queue of a loop until the result is disposed of.</summary>
    internal static IDisposable Observe(string loop, Func<int> length)
    {
        Queues[loop] = length;
        return new Observation(loop, length);
    }

    internal static KeyValuePair<string, object?> Resource(ResourceRef resource) => new("resource", resource.ToString());

    private sealed class Observation(string loop, Func<int> length) : IDisposable
    {
        public void Dispose() => Queues.TryRemove(new(loop, length));
    }
}
