using System.Text;
using Turnpike.Pipeline;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.Admin;

/// <summary>
/// The pages of status and, beside them, the configuration: hosts, paths and addresses of all namespaces. It is for whoever may run or
/// reach into this process' own machine or pod, and for nobody else.
/// </summary>
internal sealed class AdminPages(StatusPages status, ProxyPipeline pipeline) : IPages
{
    public AdminPage Get(string method, string path, string query)
    {
        if (method is not ("GET" or "HEAD"))
            return StatusPages.Text(405, "only GET");
        return path switch
        {
            "/table" when query == "?format=json" => new AdminPage(200, "application/json", RouteTableJson.Serialize(WithoutKeys(pipeline.Table))),
            "/table" => new AdminPage(200, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(TableText.Write(pipeline.Table))),
            _ => status.Find(path) ?? StatusPages.Text(404, "not found: there are /ready, /live, /metrics and /table"),
        };
    }

    private static RouteTable WithoutKeys(RouteTable table) =>
        table with { Certificates = [.. table.Certificates.Select(c => c with { PrivateKeyPem = "" })] };
}
