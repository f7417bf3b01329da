using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Turnpike.Routing;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

public sealed class TlsTests
{
    [Theory]
    [InlineData("a.example.com", "exact")]
    [InlineData("A.EXAMPLE.com", "exact")]
    [InlineData("b.example.com", "wildcard")]
    [InlineData("c.b.example.com", "fallback")]
    [InlineData("example.com", "fallback")]
    [InlineData("", "fallback")]
    public async Task Certificate_IsChosenByServerName(string serverName, string expected)
    {
        await using var proxy = await TestProxy.StartAsync(Tables.To(RawUpstream.Refusing()) with
        {
            Certificates = [Make("exact", "a.example.com"), Make("wildcard", "*.example.com"), Make("fallback")],
        });

        Assert.Equal($"CN={expected}", await HandshakeAsync(proxy, serverName));
    }

    [Fact]
    public async Task NoCertificate_RefusesTheHandshake_AndSaysSoOnce()
    {
        await using var proxy = await TestProxy.StartAsync(Tables.To(RawUpstream.Refusing()) with { Certificates = [Make("exact", "a.example.com")] });

        for (var i = 0; i < 5; i++)
            await Assert.ThrowsAnyAsync<Exception>(() => HandshakeAsync(proxy, "b.example.com"));

        Assert.Single(proxy.Logs.Lines, l => l.Contains("handshake refused", StringComparison.Ordinal) && l.Contains("'b.example.com'", StringComparison.Ordinal));
        Assert.Equal("CN=exact", await HandshakeAsync(proxy, "a.example.com"));
    }

    [Fact]
    public async Task NameThatShallHaveNoCertificate_GetsNeitherAWiderOneNorTheFallback()
    {
        await using var proxy = await TestProxy.StartAsync(Tables.To(RawUpstream.Refusing()) with
        {
            Certificates = [Make("wildcard", "*.example.com"), Make("fallback"), Certificate.NoneFor(["a.example.com", "plain.com", "*.closed.com"])],
        });

        foreach (var name in (string[])["a.example.com", "plain.com", "x.closed.com"])
            await Assert.ThrowsAnyAsync<Exception>(() => HandshakeAsync(proxy, name));
        Assert.Equal("CN=wildcard", await HandshakeAsync(proxy, "b.example.com"));
        Assert.Equal("CN=fallback", await HandshakeAsync(proxy, "other.com"));
        Assert.DoesNotContain(proxy.Logs.Lines, l => l.Contains("cannot be read", StringComparison.Ordinal));
    }

    [Fact]
    public async Task BrokenCertificate_HurtsNoOther()
    {
        await using var proxy = await TestProxy.StartAsync(Tables.To(RawUpstream.Refusing()) with
        {
            Certificates = [new Certificate("ns/broken", ["a.example.com"], "rubbish", "rubbish"), Make("good", "b.example.com")],
        });

        Assert.Equal("CN=good", await HandshakeAsync(proxy, "b.example.com"));
        await Assert.ThrowsAnyAsync<Exception>(() => HandshakeAsync(proxy, "a.example.com"));
        Assert.Contains(proxy.Logs.Lines, l => l.Contains("'ns/broken' cannot be read", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Swap_ChangesTheCertificate_ForNewConnections()
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        var table = Tables.To(upstream.EndPoint);
        await using var proxy = await TestProxy.StartAsync(table with { Certificates = [Make("one")] });
        await using var early = await ConnectAsync(proxy, "a");

        proxy.Server.Swap(table with { Certificates = [Make("two")] });

        Assert.Equal("CN=two", await HandshakeAsync(proxy, "a"));
        await early.WriteAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.NotEqual(0, await early.ReadAsync(new byte[10], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Chain_IsSentWhole()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var root = Authority("root", rootKey).CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(40), DateTimeOffset.UnixEpoch.AddYears(100));
        using var issuerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var issuerAlone = Authority("issuer", issuerKey).Create(root, DateTimeOffset.UnixEpoch.AddYears(45), DateTimeOffset.UnixEpoch.AddYears(95), [1]);
        using var issuer = issuerAlone.CopyWithPrivateKey(issuerKey);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leaf = new CertificateRequest("CN=leaf", key, HashAlgorithmName.SHA256)
            .Create(issuer, DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(90), [2]);
        var pem = leaf.ExportCertificatePem() + "\n" + issuer.ExportCertificatePem();
        await using var proxy = await TestProxy.StartAsync(Tables.To(RawUpstream.Refusing()) with
        {
            Certificates = [new Certificate("ns/chain", [], pem, key.ExportPkcs8PrivateKeyPem())],
        });

        string[] sent = [];
        using var socket = new TcpClient();
        await socket.ConnectAsync(proxy.Server.Https, TestContext.Current.CancellationToken);
        await using var stream = new SslStream(socket.GetStream(), false, (_, _, chain, _) =>
        {
            sent = [.. chain!.ChainPolicy.ExtraStore.Select(c => c.Subject)];
            return true;
        });
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "a" }, TestContext.Current.CancellationToken);

        Assert.Contains("CN=issuer", sent);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12, true)]
    [InlineData(SslProtocols.Tls13, true)]
#pragma warning disable SYSLIB0039, CA5397 // That it is refused is the point.
    [InlineData(SslProtocols.Tls11, false)]
#pragma warning restore SYSLIB0039, CA5397
    public async Task Protocols_AreTls12AndUp(SslProtocols protocol, bool accepted)
    {
        await using var proxy = await TestProxy.StartAsync(Tables.To(RawUpstream.Refusing()) with { Certificates = [Make("x")] });

        if (accepted)
            Assert.Equal("CN=x", await HandshakeAsync(proxy, "a", protocol));
        else
            await Assert.ThrowsAnyAsync<Exception>(() => HandshakeAsync(proxy, "a", protocol));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Requests_AreServedByTheTlsListenersHosts(string version)
    {
        await using var upstream = RawUpstream.Echo();
        var table = Tables.To(upstream.EndPoint) with { Listeners = IngressListeners.Of(null, Tables.Hosts(Tables.Route())), Certificates = [Make("x")] };
        await using var proxy = await TestProxy.StartAsync(table);

        var request = new HttpRequestMessage(HttpMethod.Get, $"https://{proxy.Server.Https}/");
        using var response = await proxy.SendAsync(request, Version.Parse(version), TestContext.Current.CancellationToken);
        using var cleartext = await proxy.GetAsync();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("x-forwarded-proto: https\r\n", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, cleartext.StatusCode);
    }

    private static CertificateRequest Authority(string name, ECDsa key)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request;
    }

    internal static Certificate Make(string name, params string[] hosts)
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(90));
        return new Certificate($"ns/{name}", [.. hosts], certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    private static async Task<string> HandshakeAsync(TestProxy proxy, string serverName, SslProtocols protocols = SslProtocols.None)
    {
        await using var stream = await ConnectAsync(proxy, serverName, protocols);
        return stream.RemoteCertificate!.Subject;
    }

    private static async Task<SslStream> ConnectAsync(TestProxy proxy, string serverName, SslProtocols protocols = SslProtocols.None)
    {
        var socket = new TcpClient();
        await socket.ConnectAsync(proxy.Server.Https, TestContext.Current.CancellationToken);
        var stream = new SslStream(socket.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
        try
        {
            await stream.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions { TargetHost = serverName, EnabledSslProtocols = protocols },
                TestContext.Current.CancellationToken);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }
}
