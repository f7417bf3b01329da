using System.Diagnostics;
using System.Globalization;
using System.Net;
using Turnpike.Routing;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

public sealed class AdminTests
{
    [Fact]
    public async Task Metrics_CountRequestsByRoute()
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        var ruled = Tables.Route(PathMatch.Prefix("/ruled")) with { Rule = "default/\"odd\"" };
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Tables.Cluster(upstream.EndPoint), ruled, Tables.Route(PathMatch.Prefix("/plain"))) with
            {
                Version = "v1",
            });
        foreach (var path in new[] { "/plain", "/plain", "/ruled", "/none" })
        {
            using var response = await proxy.GetAsync(path);
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        }

        // The client has its response a moment before the proxy counts it.
        string text;
        do
            text = (await proxy.AdminAsync("/metrics")).Text;
        while (!text.Contains("turnpike_active_requests 0\n", StringComparison.Ordinal));

        Assert.Contains(
            "turnpike_requests_total{listener=\"http\",ingress=\"default/ingress\",rule=\"\",code=\"2xx\"} 2\n",
            text,
            StringComparison.Ordinal);
        Assert.Contains(
            "turnpike_requests_total{listener=\"http\",ingress=\"default/ingress\",rule=\"default/\\\"odd\\\"\",code=\"2xx\"} 1\n",
            text,
            StringComparison.Ordinal);
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

    /// <summary>
    /// The port that any pod reaches has probes and metrics; pages with configuration are served on loopback only, whatever the proxy's own
    /// address.
    /// </summary>
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    public async Task Table_IsOnLoopbackAlone(string address)
    {
        var options = TestProxy.Options with { Address = IPAddress.Parse(address), StatusPort = 0 };
        await using var proxy = await TestProxy.StartAsync(Tables.To(RawUpstream.Refusing()), options);

        Assert.Equal(IPAddress.Parse(address), proxy.Server.Status!.Address);
        Assert.Equal(IPAddress.Loopback, proxy.Server.Admin.Address);
        var status = $"http://127.0.0.1:{proxy.Server.Status.Port}";
        Assert.Equal((HttpStatusCode.OK, "ready\n"), await proxy.FetchAsync($"{status}/ready"));
        Assert.Equal((HttpStatusCode.OK, "live\n"), await proxy.FetchAsync($"{status}/live"));
        Assert.Contains("turnpike_table_swaps_total 1\n", (await proxy.FetchAsync($"{status}/metrics")).Text, StringComparison.Ordinal);
        foreach (var path in new[] { "/table", "/table?format=json", "/%74able", "//table", "/metrics/../table", "/" })
        {
            Assert.Equal(
                (HttpStatusCode.NotFound, "not found; the pages are /ready, /live and /metrics\n"), await proxy.FetchAsync(status + path));
        }

        Assert.Equal(HttpStatusCode.OK, (await proxy.AdminAsync("/table")).Status);
        Assert.Equal(HttpStatusCode.OK, (await proxy.AdminAsync("/ready")).Status);
    }

    [Theory]
    [InlineData("status", "sidecar", "--address=127.0.0.1", "--status-port=0")]
    [InlineData(
        "http https status admin",
        "ingress",
        "--address=127.0.0.1",
        "--http-port=0",
        "--https-port=0",
        "--status-port=0",
        "--admin-port=0",
        "--drain-delay=0",
        "--table=no-such-file")]
    public async Task Program_AnswersItsProbes_AndShowsNothingElseThere(string listeners, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "turnpike-proxy"), arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        try
        {
            var status = "";
            foreach (var listener in listeners.Split(' '))
            {
                var line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
                Assert.StartsWith($"listening {listener} 127.0.0.1:", line, StringComparison.Ordinal);
                status = listener == "status" ? line!.Replace("listening status ", "http://", StringComparison.Ordinal) : status;
            }
            await using var client = await TestProxy.StartAsync();
            Assert.Equal((HttpStatusCode.OK, "live\n"), await client.FetchAsync(status + "/live"));
            Assert.Equal(
                listeners == "status" ? (HttpStatusCode.OK, "ready\n") : (HttpStatusCode.ServiceUnavailable, "no route table yet\n"),
                await client.FetchAsync(status + "/ready"));
            Assert.Equal(HttpStatusCode.NotFound, (await client.FetchAsync(status + "/table")).Status);
            using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
            await process
                .WaitForExitAsync(TestContext.Current.CancellationToken)
                .WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
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
