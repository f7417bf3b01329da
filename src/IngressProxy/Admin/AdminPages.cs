using System.Text;
using Turnpike.Pipeline;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.Admin;

/// <summary>
/// The status pages and the route table, which shows hosts, paths and addresses of all namespaces. It is only for users who may run
/// commands in the machine or pod of this process.
/// </summary>
internal sealed class AdminPages(StatusPages status, ProxyPipeline pipeline) : IPages
{
    public AdminPage Get(string method, string path, string query)
    {
        if (method is not ("GET" or "HEAD"))
            return StatusPages.Text(405, "only GET and HEAD are allowed");
        return path switch
        {
            "/table" when query == "?format=json" => new AdminPage(200, "application/json", RouteTableJson.Serialize(WithoutKeys(pipeline.Table))),
            "/table" => new AdminPage(200, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(TableText.Write(pipeline.Table))),
            _ => status.Find(path) ?? StatusPages.Text(404, "not found; the pages are /ready, /live, /metrics and /table"),
        };
    }

    private static RouteTable WithoutKeys(RouteTable table) =>
        table with { Certificates = [.. table.Certificates.Select(c => c with { PrivateKeyPem = "" })] };
}
