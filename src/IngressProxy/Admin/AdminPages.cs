using System.Text;
using Turnpike.IngressProxy.Pipeline;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.Admin;

internal readonly record struct AdminPage(int Status, string ContentType, ReadOnlyMemory<byte> Body);

/// <summary>What the admin listener shows. Everything is read-only.</summary>
internal sealed class AdminPages(Readiness readiness, ProxyMetrics metrics, ProxyPipeline pipeline)
{
    private const string PlainText = "text/plain; charset=utf-8";

    public AdminPage Get(string method, string path, string query)
    {
        if (method is not ("GET" or "HEAD"))
            return Text(405, "only GET");
        return path switch
        {
            "/ready" => readiness.ReasonAgainst is { } reason ? Text(503, reason) : Text(200, "ready"),
            "/live" => Text(200, "live"),
            "/metrics" => new AdminPage(200, MetricsText.ContentType, Encoding.UTF8.GetBytes(MetricsText.Write(metrics, pipeline.EjectedEndpoints))),
            "/table" when query == "?format=json" => new AdminPage(200, "application/json", RouteTableJson.Serialize(WithoutKeys(pipeline.Table))),
            "/table" => new AdminPage(200, PlainText, Encoding.UTF8.GetBytes(TableText.Write(pipeline.Table))),
            _ => Text(404, "not found: there are /ready, /live, /metrics and /table"),
        };
    }

    private static AdminPage Text(int status, string line) => new(status, PlainText, Encoding.UTF8.GetBytes(line + "\n"));

    private static RouteTable WithoutKeys(RouteTable table) =>
        table with { Certificates = [.. table.Certificates.Select(c => c with { PrivateKeyPem = "" })] };
}
