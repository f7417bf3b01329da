using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Turnpike.Injector;

namespace Turnpike.Webhooks;

/// <summary>
/// Counts the results of injection, and logs at most every ten seconds that pods got no sidecar because their image is not proven.
/// </summary>
public sealed partial class InjectionReport(ILogger<InjectionReport> log, TimeProvider clock)
{
    public const string MeterName = "Turnpike.Webhooks";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private static readonly Meter Meter = new(MeterName);

    private static readonly Counter<long> Limited = Meter.CreateCounter<long>(
        "turnpike.injection.limited", description: "Sidecars that were changed or left out because of a LimitRange or ResourceQuota");

    private static readonly Counter<long> Skipped = Meter.CreateCounter<long>(
        "turnpike.injection.skipped", description: "Pods that should have a sidecar and got none");

    private readonly Lock _gate = new();
    private long? _lastLine;
    private int _unreported;

    internal void Add(InjectionResult result)
    {
        switch (result.Outcome)
        {
            case InjectionOutcome.DoesNotFit:
                Limited.Add(1, new KeyValuePair<string, object?>("outcome", "skipped"));
                break;
            case InjectionOutcome.ImageNotProven:
                Skipped.Add(1, new KeyValuePair<string, object?>("reason", nameof(InjectionOutcome.ImageNotProven)));
                LogSometimes(result.Reason);
                break;
            case InjectionOutcome.Invalid:
                Skipped.Add(1, new KeyValuePair<string, object?>("reason", nameof(InjectionOutcome.Invalid)));
                break;
            default:
                if (result.Notes.Count > 0)
                    Limited.Add(1, new KeyValuePair<string, object?>("outcome", "changed"));
                break;
        }
    }

    private void LogSometimes(string reason)
    {
        int count;
        lock (_gate)
        {
            _unreported++;
            if (_lastLine is { } last && clock.GetElapsedTime(last) < Interval)
                return;
            _lastLine = clock.GetTimestamp();
            (count, _unreported) = (_unreported, 0);
        }
        LogSkipped(log, count, reason);
    }

    [LoggerMessage(1, LogLevel.Warning, "{Count} pods got no sidecar since the last such line; the last one: {Reason}")]
    private static partial void LogSkipped(ILogger logger, int count, string reason);
}
