using System.Globalization;
using System.Text;
using Turnpike.Pipeline.Metrics;

namespace Turnpike.IngressProxy.Admin;

/// <summary>Writes the metrics in the text format of Prometheus.</summary>
internal static class MetricsText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private static readonly string[] ClassNames = ["client_gone", "1xx", "2xx", "3xx", "4xx", "5xx"];

    public static string Write(ProxyMetrics metrics, int ejectedEndpoints, int unservedListeners)
    {
        var text = new StringBuilder();
        WriteRequests(text, metrics);
        WriteLatency(text, metrics);
        Single(text, "turnpike_active_requests", "gauge", "Requests in flight.", metrics.ActiveRequests);
        Single(text, "turnpike_upstream_connect_failures_total", "counter", "Failed connections to endpoints.", metrics.ConnectFailures);
        Single(text, "turnpike_upstream_tls_failures_total", "counter", "Failed TLS handshakes with endpoints; each is counted as a failed connection, too.", metrics.TlsFailures);
        Single(text, "turnpike_upstream_retries_total", "counter", "Requests sent to an endpoint again.", metrics.Retries);
        Single(text, "turnpike_upstream_ejections_total", "counter", "Ejections of endpoints after connection failures.", metrics.Ejections);
        Single(text, "turnpike_upstream_ejected_endpoints", "gauge", "Endpoints that are ejected at the moment.", ejectedEndpoints);
        Single(text, "turnpike_upstream_malformed_responses_total", "counter", "Responses of endpoints that break a rule of HTTP.", metrics.MalformedResponses);
        Single(text, "turnpike_upstream_refused_requests_total", "counter", "Requests that were not sent because they would break a rule of HTTP.", metrics.RefusedRequests);
        Single(text, "turnpike_upstream_stale_connections_total", "counter", "Requests sent again on a new connection because the endpoint had closed the pooled one.", metrics.StaleConnections);
        Head(text, "turnpike_upstream_overflows_total", "counter", "Requests refused with 503, and retries not made, because a circuit breaker or the memory budget left no room.");
        text.Append(CultureInfo.InvariantCulture, $"turnpike_upstream_overflows_total{{limit=\"requests\"}} {metrics.OverflowsOf(CircuitLimit.Requests)}\n");
        text.Append(CultureInfo.InvariantCulture, $"turnpike_upstream_overflows_total{{limit=\"retries\"}} {metrics.OverflowsOf(CircuitLimit.Retries)}\n");
        text.Append(CultureInfo.InvariantCulture, $"turnpike_upstream_overflows_total{{limit=\"memory\"}} {metrics.OverflowsOf(CircuitLimit.Memory)}\n");
        Single(text, "turnpike_request_bodies_not_kept_total", "counter", "Request bodies that were not buffered for a retry or a mirror, because of their size or the memory budget.", metrics.BodiesNotBuffered);
        Single(text, "turnpike_connections_refused_total", "counter", "Client connections closed at once because the limit was reached.", metrics.ConnectionsRefused);
        Single(text, "turnpike_memory_trims_total", "counter", "Number of times that memory was given back after a burst.", metrics.MemoryTrims);
        Single(text, "turnpike_access_log_dropped_total", "counter", "Requests without a line in the access log, because its reader was too slow.", metrics.DroppedLogLines);
        Single(text, "turnpike_table_swaps_total", "counter", "Route tables applied.", metrics.Swaps);
        Single(text, "turnpike_table_load_failures_total", "counter", "Route tables that could not be loaded.", metrics.LoadFailures);
        Head(text, "turnpike_table_swap_seconds", "summary", "Time to apply a route table.");
        text.Append(CultureInfo.InvariantCulture, $"turnpike_table_swap_seconds_sum {metrics.SwapTime.TotalSeconds}\n");
        text.Append(CultureInfo.InvariantCulture, $"turnpike_table_swap_seconds_count {metrics.Swaps}\n");
        if (metrics.TableVersion is { } version)
        {
            Head(text, "turnpike_table_info", "gauge", "The version of the current route table.");
            text.Append(CultureInfo.InvariantCulture, $"turnpike_table_info{{version=\"{Escape(version)}\"}} 1\n");
        }
        Single(
            text,
            "turnpike_unserved_listeners",
            "gauge",
            "Listeners of the current route table that this proxy cannot serve; the log says why.",
            unservedListeners);
        WriteProcess(text);
        return text.ToString();
    }

    private static void WriteRequests(StringBuilder text, ProxyMetrics metrics)
    {
        Head(text, "turnpike_requests_total", "counter", "Requests by listener, ingress, rule and class of the response.");
        var routes = metrics.Routes
            .OrderBy(r => metrics.Listeners[r.Key.Listener].Name, StringComparer.Ordinal)
            .ThenBy(r => r.Key.Ingress, StringComparer.Ordinal)
            .ThenBy(r => r.Key.Rule, StringComparer.Ordinal);
        foreach (var (key, counts) in routes)
        {
            var listener = Escape(metrics.Listeners[key.Listener].Name);
            for (var statusClass = 0; statusClass < ClassNames.Length; statusClass++)
            {
                if (counts.Of(statusClass) is not 0 and var count)
                {
                    text.Append(
                        CultureInfo.InvariantCulture,
                        $"turnpike_requests_total{{listener=\"{listener}\",ingress=\"{Escape(key.Ingress)}\",rule=\"{Escape(key.Rule)}\","
                        + $"code=\"{ClassNames[statusClass]}\"}} {count}\n");
                }
            }
        }
    }

    private static void WriteLatency(StringBuilder text, ProxyMetrics metrics)
    {
        const string name = "turnpike_request_duration_seconds";
        Head(text, name, "histogram", "Time from the head of a request to the end of its response.");
        foreach (var binding in metrics.Listeners)
        {
            var listener = Escape(binding.Name);
            var histogram = metrics.LatencyOf(binding);
            long sofar = 0;
            for (var i = 0; i < LatencyHistogram.BoundsInSeconds.Length; i++)
            {
                sofar += histogram.CountOf(i);
                text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{listener=\"{listener}\",le=\"{LatencyHistogram.BoundsInSeconds[i]}\"}} {sofar}\n");
            }
            sofar += histogram.CountOf(LatencyHistogram.BoundsInSeconds.Length);
            text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{listener=\"{listener}\",le=\"+Inf\"}} {sofar}\n");
            text.Append(CultureInfo.InvariantCulture, $"{name}_sum{{listener=\"{listener}\"}} {histogram.SumInSeconds}\n");
            text.Append(CultureInfo.InvariantCulture, $"{name}_count{{listener=\"{listener}\"}} {sofar}\n");
        }
    }

    private static void WriteProcess(StringBuilder text)
    {
        Single(text, "process_resident_memory_bytes", "gauge", "Resident memory.", Environment.WorkingSet);
        Single(text, "process_cpu_seconds_total", "counter", "Processor time used.", Environment.CpuUsage.TotalTime.TotalSeconds);
        Single(text, "dotnet_gc_heap_bytes", "gauge", "Managed memory in use.", GC.GetTotalMemory(forceFullCollection: false));
        Single(text, "dotnet_gc_pause_seconds_total", "counter", "Time paused for garbage collection.", GC.GetTotalPauseDuration().TotalSeconds);
        Head(text, "dotnet_gc_collections_total", "counter", "Garbage collections by generation.");
        for (var generation = 0; generation <= GC.MaxGeneration; generation++)
            text.Append(CultureInfo.InvariantCulture, $"dotnet_gc_collections_total{{generation=\"{generation}\"}} {GC.CollectionCount(generation)}\n");
    }

    private static void Single(StringBuilder text, string name, string type, string help, double value)
    {
        Head(text, name, type, help);
        text.Append(CultureInfo.InvariantCulture, $"{name} {value}\n");
    }

    private static void Head(StringBuilder text, string name, string type, string help) =>
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
