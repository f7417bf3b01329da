using System.Text;
using Turnpike.Pipeline;
using Turnpike.Pipeline.Metrics;

namespace Turnpike.IngressProxy.Admin;

/// <summary>Probes and metrics, for the kubelet and for Prometheus. Every client that reaches the port may read them.</summary>
/// <param name="readiness">What <c>/ready</c> says.</param>
/// <param name="metrics">What was counted.</param>
/// <param name="pipeline">Has what is shown as it is at the moment; null for a proxy without one.</param>
internal sealed class StatusPages(Readiness readiness, ProxyMetrics metrics, ProxyPipeline? pipeline) : IPages
{
    public AdminPage Get(string method, string path, string query) =>
        method is not ("GET" or "HEAD") ? Text(405, "only GET and HEAD are allowed") : Find(path) ?? Text(404, "not found; the pages are /ready, /live and /metrics");

    /// <summary>Returns the page for a GET of a path; null when there is none.</summary>
    public AdminPage? Find(string path) => path switch
    {
        "/ready" => readiness.NotReadyReason is { } reason ? Text(503, reason) : Text(200, "ready"),
        "/live" => Text(200, "live"),
        "/metrics" => new AdminPage(200, MetricsText.ContentType, Encoding.UTF8.GetBytes(Metrics())),
        _ => null,
    };

    private string Metrics() => MetricsText.Write(metrics, pipeline?.EjectedEndpoints ?? 0, pipeline?.UnservedListeners.Length ?? 0);

    public static AdminPage Text(int status, string line) => new(status, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(line + "\n"));
}
