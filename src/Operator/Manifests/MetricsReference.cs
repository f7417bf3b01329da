using System.Globalization;
using System.Text;

namespace Turnpike.Operator.Manifests;

/// <summary>The reference of the metrics of operator and proxy. A test compares both with it.</summary>
internal static class MetricsReference
{
    private static readonly (string Name, string Type, string Labels, string Meaning)[] OfOperator =
    [
        ("turnpike_admission_duration_seconds", "histogram", "path, result",
            "Admission requests by webhook and verdict (allowed, patched, denied, failed, malformed, overloaded)."),
        ("turnpike_api_request_duration_seconds", "histogram", "method, code",
            "Requests to the API server until the response headers; code 0 when there was no response. Watches count when they begin."),
        ("turnpike_certificate_expiry_timestamp_seconds", "gauge", "",
            "Time at which the serving certificate expires, in seconds since 1970."),
        ("turnpike_certificate_swaps_total", "counter", "", "Serving certificates put into use."),
        ("turnpike_election_leading", "gauge", "", "1 while this replica leads."),
        ("turnpike_informer_events_total", "counter", "resource", "Watch events received, bookmarks included."),
        ("turnpike_informer_failures_total", "counter", "resource", "Lists and watches that ended in an error."),
        ("turnpike_informer_lists_total", "counter", "resource", "Full lists of a kind."),
        ("turnpike_informer_watches_total", "counter", "resource", "Watches opened: one for each informer, then its restarts."),
        ("turnpike_injection_limited_total", "counter", "outcome",
            "Sidecars that were changed (changed) or left out (skipped) because of a LimitRange or ResourceQuota of their namespace."),
        ("turnpike_injection_skipped_total", "counter", "reason",
            "Pods that should have a sidecar and got none: no proxy with their image has been ready in this cluster yet "
                + "(ImageNotProven), or the pod is not valid (Invalid)."),
        ("turnpike_proxy_behind", "gauge", "", "Proxies connected to this replica that do not use its newest table yet."),
        ("turnpike_proxy_connected", "gauge", "", "Proxies that are connected to this replica."),
        ("turnpike_proxy_updates_total", "counter", "outcome", "Updates by the outcome that the proxy reported: acknowledged or refused."),
        ("turnpike_reconcile_duration_seconds", "histogram", "loop, result",
            "Calls of a controller by result (ok, error, timeout, cancelled)."),
        ("turnpike_reconcile_queue_length", "gauge", "loop", "Keys that wait for a controller."),
        ("turnpike_server_refusals_total", "counter", "port, reason",
            "Connections and requests refused by the limits of a port (webhooks, discovery, health), by reason."),
        ("turnpike_table_changes_total", "counter", "", "Compilations that changed the table."),
        ("turnpike_table_compilation_duration_seconds", "histogram", "", "Compilations of the cluster."),
        ("turnpike_table_compilation_failures_total", "counter", "", "Compilations that failed; the last table stays in force."),
        ("turnpike_table_info", "gauge", "version",
            "1 for the newest table; the version is the same on every replica that sees the same cluster."),
        ("turnpike_table_objects", "gauge", "kind",
            "Objects from which the newest table was made (ingress, routerule), and objects in it (host, cluster, certificate)."),
    ];

    private static readonly (string Name, string Type, string Labels, string Meaning)[] OfProxy =
    [
        ("dotnet_gc_collections_total", "counter", "generation", "Garbage collections."),
        ("dotnet_gc_heap_bytes", "gauge", "", "Managed memory in use."),
        ("dotnet_gc_pause_seconds_total", "counter", "", "Time paused for garbage collection."),
        ("process_cpu_seconds_total", "counter", "", "Processor time used."),
        ("process_resident_memory_bytes", "gauge", "", "Resident memory."),
        ("turnpike_access_log_dropped_total", "counter", "", "Lines of the access log that were dropped because its reader was too slow."),
        ("turnpike_active_requests", "gauge", "", "Requests in flight."),
        ("turnpike_connections_refused_total", "counter", "", "Client connections that were closed at once because the limit was reached."),
        ("turnpike_memory_trims_total", "counter", "", "Times that memory was returned to the system after a burst."),
        ("turnpike_request_bodies_not_kept_total", "counter", "",
            "Request bodies that could not be kept for a retry or a mirror, because of their size or a lack of memory."),
        ("turnpike_request_duration_seconds", "histogram", "listener", "Time from the head of a request to the end of its response."),
        ("turnpike_requests_total", "counter", "listener, ingress, rule, code",
            "Requests by listener, ingress, rule and status class; beyond 2000 routes the rest is counted together."),
        ("turnpike_table_info", "gauge", "version", "1 for the route table in force."),
        ("turnpike_table_load_failures_total", "counter", "", "Route tables that could not be loaded."),
        ("turnpike_table_swap_seconds", "summary", "", "Time that swaps of the route table took."),
        ("turnpike_table_swaps_total", "counter", "", "Route tables put in force."),
        ("turnpike_unserved_listeners", "gauge", "",
            "Listeners of the route table in force that this proxy cannot serve; the log says why."),
        ("turnpike_upstream_connect_failures_total", "counter", "", "Failed connections to endpoints."),
        ("turnpike_upstream_tls_failures_total", "counter", "",
            "Failed TLS handshakes with endpoints; each counts as a failed connection, too."),
        ("turnpike_upstream_ejected_endpoints", "gauge", "", "Endpoints that are currently ejected."),
        ("turnpike_upstream_ejections_total", "counter", "", "Ejections of endpoints after connection failures."),
        ("turnpike_upstream_malformed_responses_total", "counter", "", "Responses of endpoints that break a rule of HTTP."),
        ("turnpike_upstream_overflows_total", "counter", "limit",
            "Requests refused with 503, and retries not made, because of a circuit breaker or a lack of memory."),
        ("turnpike_upstream_refused_requests_total", "counter", "", "Requests that were not sent because they would break a rule of HTTP."),
        ("turnpike_upstream_retries_total", "counter", "", "Requests sent to an endpoint again."),
        ("turnpike_upstream_stale_connections_total", "counter", "",
            "Requests sent again on a new connection because the endpoint had closed the pooled one."),
    ];

    public static string Build()
    {
        var text = new StringBuilder();
        text.Append($"""
            <!-- Generated by `make manifests`. Do not edit. -->
            # Metrics

            In Prometheus' text format. A series appears when it has its first value.

            ## Operator

            Port {Deployed.HealthPort}, `{OperatorMetrics.Path}`, at every replica. The metrics of the .NET runtime, `dotnet_*`, and `target_info`
            are there as well. The label `otel_scope_name` names the part that measures.


            """.ReplaceLineEndings("\n"));
        Write(text, OfOperator);
        text.Append(CultureInfo.InvariantCulture, $"\n## Proxy\n\nPort {Deployed.ProxyStatusPort}, `/metrics`.\n\n");
        Write(text, OfProxy);
        return text.ToString();
    }

    private static void Write(StringBuilder text, (string Name, string Type, string Labels, string Meaning)[] metrics)
    {
        text.Append("| Metric | Type | Labels | Meaning |\n|---|---|---|---|\n");
        foreach (var (name, type, labels, meaning) in metrics)
        {
            var list = string.Join(", ", labels.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(l => $"`{l}`"));
            text.Append(CultureInfo.InvariantCulture, $"| `{name}` | {type} | {list} | {meaning} |\n");
        }
    }
}
