using System.Globalization;
using System.Text;

namespace Turnpike.Operator.Manifests;

/// <summary>The reference of the metrics of operator and proxy. A test holds both to it.</summary>
internal static class MetricsReference
{
    private static readonly (string Name, string Type, string Labels, string Meaning)[] OfOperator =
    [
        ("turnpike_admission_duration_seconds", "histogram", "path, result", "Admission requests by webhook and verdict (allowed, patched, denied, failed, malformed, overloaded)."),
        ("turnpike_api_request_duration_seconds", "histogram", "method, code", "Requests to the API server until the head of the answer; code 0 where none came. Watches count when they begin."),
        ("turnpike_certificate_expiry_timestamp_seconds", "gauge", "", "When the serving certificate runs out, in seconds since 1970."),
        ("turnpike_certificate_swaps_total", "counter", "", "Serving certificates put into use."),
        ("turnpike_election_leading", "gauge", "", "1 while this replica leads."),
        ("turnpike_informer_events_total", "counter", "resource", "Watch events received, bookmarks included."),
        ("turnpike_informer_failures_total", "counter", "resource", "Lists and watches that ended in an error."),
        ("turnpike_informer_lists_total", "counter", "resource", "Full lists of a kind."),
        ("turnpike_informer_watches_total", "counter", "resource", "Watches opened: one for each informer, then its restarts."),
        ("turnpike_injection_limited_total", "counter", "outcome", "Sidecars that a LimitRange or ResourceQuota of their namespace changed (changed) or left no room for (skipped)."),
        ("turnpike_injection_skipped_total", "counter", "reason", "Pods that should have a sidecar and got none: their proxy's image has not been ready in this cluster yet (ImageNotProven), or something of theirs is not valid (Invalid)."),
        ("turnpike_proxy_behind", "gauge", "", "Proxies connected to this replica that do not have its newest table in force."),
        ("turnpike_proxy_connected", "gauge", "", "Proxies that are connected to this replica."),
        ("turnpike_proxy_updates_total", "counter", "outcome", "Updates that proxies answered: acknowledged or refused."),
        ("turnpike_reconcile_duration_seconds", "histogram", "loop, result", "Calls of a controller by result (ok, error, timeout, cancelled)."),
        ("turnpike_reconcile_queue_length", "gauge", "loop", "Keys that wait for a controller."),
        ("turnpike_server_refusals_total", "counter", "port, reason", "Connections and requests that a port (webhooks, discovery, health) refused to protect itself, by reason."),
        ("turnpike_table_changes_total", "counter", "", "Compilations that made another table."),
        ("turnpike_table_compilation_duration_seconds", "histogram", "", "Compilations of the cluster."),
        ("turnpike_table_compilation_failures_total", "counter", "", "Compilations that failed; the last table stays."),
        ("turnpike_table_info", "gauge", "version", "1 for the newest table; equal at every replica that sees the same cluster."),
        ("turnpike_table_objects", "gauge", "kind", "What the newest table was made of (ingress, routerule) and has (host, cluster, certificate)."),
    ];

    private static readonly (string Name, string Type, string Labels, string Meaning)[] OfProxy =
    [
        ("dotnet_gc_collections_total", "counter", "generation", "Garbage collections."),
        ("dotnet_gc_heap_bytes", "gauge", "", "Managed memory in use."),
        ("dotnet_gc_pause_seconds_total", "counter", "", "Time paused for garbage collection."),
        ("process_cpu_seconds_total", "counter", "", "Processor time used."),
        ("process_resident_memory_bytes", "gauge", "", "Resident memory."),
        ("turnpike_access_log_dropped_total", "counter", "", "Requests without a line in the access log because its reader was too slow."),
        ("turnpike_active_requests", "gauge", "", "Requests in flight."),
        ("turnpike_connections_refused_total", "counter", "", "Client connections closed at once because there were as many as may be."),
        ("turnpike_memory_trims_total", "counter", "", "Times that memory was given back after a burst."),
        ("turnpike_request_bodies_not_kept_total", "counter", "", "Request bodies that could not be kept for a retry or a mirror, for their size or for want of room."),
        ("turnpike_request_duration_seconds", "histogram", "listener", "From the head of a request to the end of its answer."),
        ("turnpike_requests_total", "counter", "listener, ingress, rule, code", "Requests by listener, ingress, rule and class of the answer; beyond 2000 routes the rest is counted together."),
        ("turnpike_table_info", "gauge", "version", "1 for the route table in force."),
        ("turnpike_table_load_failures_total", "counter", "", "Route tables that could not be loaded."),
        ("turnpike_table_swap_seconds", "summary", "", "Time that putting a route table in force took."),
        ("turnpike_table_swaps_total", "counter", "", "Route tables put in force."),
        ("turnpike_unserved_listeners", "gauge", "", "Listeners of the route table in force that this proxy cannot serve; the log says why."),
        ("turnpike_upstream_connect_failures_total", "counter", "", "Connections to endpoints that failed."),
        ("turnpike_upstream_tls_failures_total", "counter", "", "TLS handshakes with endpoints that failed; each is a connection that failed, too."),
        ("turnpike_upstream_ejected_endpoints", "gauge", "", "Endpoints passed over at the moment."),
        ("turnpike_upstream_ejections_total", "counter", "", "Times that an endpoint began to be passed over because it took no connection."),
        ("turnpike_upstream_malformed_responses_total", "counter", "", "Responses of endpoints that break a rule of HTTP."),
        ("turnpike_upstream_overflows_total", "counter", "limit", "Requests answered with 503, and retries not made, because of the circuit limits or for want of memory."),
        ("turnpike_upstream_refused_requests_total", "counter", "", "Requests that were not sent because they would break a rule of HTTP."),
        ("turnpike_upstream_retries_total", "counter", "", "Requests sent to an endpoint again."),
        ("turnpike_upstream_stale_connections_total", "counter", "", "Requests sent again on a new connection because the endpoint had closed the pooled one."),
    ];

    public static string Build()
    {
        var text = new StringBuilder();
        text.Append($"""
            <!-- Generated by `make manifests`. Do not edit. -->
            # Metrics

            In Prometheus' text format. A series appears when there is something to tell.

            ## Operator

            Port {Deployed.HealthPort}, `{OperatorMetrics.Path}`, at every replica. Besides these there are the metrics of the .NET runtime, `dotnet_*`, and `target_info`. Series carry `otel_scope_name`, the part that measures.


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
