using System.Net;
using Turnpike.Routing;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

/// <summary>A host with TLS on port 80: 308, so that a client repeats its request as it is.</summary>
public sealed class HttpsRedirectTests
{
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Location_KeepsPathAndQueryAsTheyAre(string version)
    {
        await using var proxy = await TestProxy.StartAsync(Table(0));
        var request = proxy.Request(HttpMethod.Post, "/a//b/%2e%2E/%C3%A4;p=1?x=1&&y=%20%3c?", ("host", "Shop.example:31380"));
        request.Content = new ByteArrayContent(new byte[100]);

        using var response = await proxy.SendAsync(request, Version.Parse(version), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.PermanentRedirect, response.StatusCode);
        Assert.Equal("https://Shop.example/a//b/%2e%2E/%C3%A4;p=1?x=1&&y=%20%3c?", response.Headers.NonValidated["location"].ToString());
        Assert.Equal("0", response.Content.Headers.ContentLength?.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("shop.example", "https://shop.example:8443/x")]
    [InlineData("shop.example.:80", "https://shop.example:8443/x")]
    [InlineData("[::1]:80", "https://[::1]:8443/x")]
    public async Task Location_HasThePortOfHttps_WhereThatIsNot443(string host, string location)
    {
        await using var proxy = await TestProxy.StartAsync(Table(8443));

        using var response = await proxy.GetAsync("/x", HttpVersion.Version11, ("host", host));

        Assert.Equal(location, response.Headers.NonValidated["location"].ToString());
    }

    /// <summary>Else a proxy before this one that ends TLS and speaks to port 80 would send its clients in a circle.</summary>
    [Theory]
    [InlineData("https", "127.0.0.0/8", 200)]
    [InlineData("http", "127.0.0.0/8", 308)]
    [InlineData("HTTPS, http", "127.0.0.0/8", 308)]
    [InlineData("https", "10.0.0.0/8", 308)]
    public async Task RequestThatCameByHttps_IsServed_WhereThePeerIsBelieved(string proto, string trusted, int status)
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        var table = Table(0) with
        {
            Listeners = IngressListeners.Of(Table(0).FindListener("http")!.Hosts, Tables.Hosts(Tables.Route())),
            Clusters = new ClusterSet([Tables.Cluster(upstream.EndPoint)]),
            Settings = new ProxySettings { TrustedCidrs = [trusted] },
        };
        await using var proxy = await TestProxy.StartAsync(table);

        using var response = await proxy.GetAsync("/x", HttpVersion.Version11, ("x-forwarded-proto", proto));

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task WebSocket_IsRedirectedToo()
    {
        await using var proxy = await TestProxy.StartAsync(Table(0));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync("GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        var head = await client.ReadHeadAsync();

        Assert.StartsWith("HTTP/1.1 308 ", head, StringComparison.Ordinal);
        Assert.Contains("location: https://a/chat\r\n", head, StringComparison.OrdinalIgnoreCase);
    }

    private static RouteTable Table(int port) => new()
    {
        Version = "test",
        Listeners = IngressListeners.Of(
            Tables.Hosts(new Route { Path = PathMatch.Any, Redirect = new RedirectAction(308, "https", null, null, port) }),
            null),
    };
}
