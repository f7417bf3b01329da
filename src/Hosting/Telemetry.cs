using System.Diagnostics.Metrics;
using Turnpike.Hosting.Api;

namespace Turnpike.Hosting;

/// <summary>What the runtime measures of itself, under the meter <see cref="MeterName"/>.</summary>
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

    internal static KeyValuePair<string, object?> Resource(ResourceRef resource) => new("resource", resource.ToString());
}
