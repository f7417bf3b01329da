using System.Net;
using Turnpike.Routing;
using Turnpike.Tests.Component.Proxy.Harness;

namespace Turnpike.Tests.Component.Proxy;

public sealed class AdminTests
{
    [Fact]
    public async Task Metrics_CountRequestsByRoute()
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        var ruled = Tables.Route(PathMatch.Prefix("/ruled")) with { Rule = "default/\"odd\"" };
        await using var proxy = await TestProxy.StartAsync(Tables.Of(Tables.Cluster(upstream.EndPoint), ruled, Tables.Route(PathMatch.Prefix("/plain"))) with { Version = "v1" });
        foreach (var path in new[] { "/plain", "/plain", "/ruled", "/none" })
        {
            using var response = await proxy.GetAsync(path);
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        }

        // The client has its answer a moment before the proxy counts it.
        string text;
        do
            text = (await proxy.AdminAsync("/metrics")).Text;
        while (!text.Contains("turnpike_active_requests 0\n", StringComparison.Ordinal));

        Assert.Contains("turnpike_requests_total{listener=\"http\",ingress=\"default/ingress\",rule=\"\",code=\"2xx\"} 2\n", text, StringComparison.Ordinal);
        Assert.Contains("turnpike_requests_total{listener=\"http\",ingress=\"default/ingress\",rule=\"default/\\\"odd\\\"\",code=\"2xx\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains(",code=\"4xx\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("turnpike_request_duration_seconds_count{listener=\"http\"} 4\n", text, StringComparison.Ordinal);
        Assert.Contains("turnpike_table_info{version=\"v1\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("turnpike_table_swaps_total 1\n", text, StringComparison.Ordinal);
        Assert.Contains("turnpike_table_swap_seconds_count 1\n", text, StringComparison.Ordinal);
        Assert.Contains("turnpike_table_load_failures_total 0\n", text, StringComparison.Ordinal);
        Assert.Contains("process_resident_memory_bytes ", text, StringComparison.Ordinal);
        Assert.All(
            text.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.Matches("^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\\{[a-z]+=\".*\"\\})? [-+0-9.eE]+)$", line));
    }

    [Fact]
    public async Task Table_IsShown_WithoutKeys()
    {
        var certificate = TlsTests.Make("cert", "a.example.com");
        var table = Tables.To(RawUpstream.Refusing()) with { Certificates = [certificate] };
        await using var proxy = await TestProxy.StartAsync(table);

        var text = (await proxy.AdminAsync("/table")).Text;
        var json = (await proxy.AdminAsync("/table?format=json")).Text;

        Assert.Equal(TableText.Write(table), text);
        Assert.DoesNotContain("PRIVATE KEY", json, StringComparison.Ordinal);
        var read = RouteTableJson.Deserialize(System.Text.Encoding.UTF8.GetBytes(json));
        Assert.Equal(certificate.CertificatePem, read.Certificates.Single().CertificatePem);
        Assert.Equal(TableText.Write(table), TableText.Write(read));
    }

    [Fact]
    public async Task Anything_Else_Is404_AndReadOnly()
    {
        await using var proxy = await TestProxy.StartAsync();
        using var client = await RawConnection.ConnectAsync(proxy.Server.Admin);

        Assert.Equal(HttpStatusCode.NotFound, (await proxy.AdminAsync("/quit")).Status);
        await client.WriteAsync("POST /ready HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 405 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
    }
}
