using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Turnpike.IngressProxy.Upstream;
using Turnpike.Routing;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

/// <summary>
/// Which certificates an authority stands behind, where it takes more than one step or the certificate is made for something else.
/// </summary>
public sealed class UpstreamTrustTests : IDisposable
{
    private const string Name = "web.default.svc";
    private const string Client = "1.3.6.1.5.5.7.3.2";

    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private readonly X509Certificate2 _root = Authority("root", null);
    private readonly X509Certificate2 _intermediate;

    public UpstreamTrustTests() => _intermediate = Authority("intermediate", _root);

    public void Dispose()
    {
        _intermediate.Dispose();
        _root.Dispose();
    }

    /// <summary>
    /// The endpoint sends its own certificate alone, so all between it and a root has to be known. An intermediate authority without its
    /// root is not trusted.
    /// </summary>
    [Theory]
    [InlineData("root and intermediate", true)]
    [InlineData("intermediate", false)]
    [InlineData("root", false)]
    public async Task Chain_LeadsToARoot(string known, bool passes)
    {
        using var certificate = Issue(_intermediate, null);
        var pem = string.Join('\n', new[]
        {
            known.Contains("root", StringComparison.Ordinal) ? _root.ExportCertificatePem() : "",
            known.Contains("intermediate", StringComparison.Ordinal) ? _intermediate.ExportCertificatePem() : "",
        });

        Assert.Equal(passes ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, await StatusAsync(certificate, pem));
    }

    [Fact]
    public async Task CertificateOfAClient_IsNoneOfAServer()
    {
        using var certificate = Issue(_root, Client);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(certificate, _root.ExportCertificatePem()));
    }

    /// <summary>Verified and unverified connections are never shared, whatever the text of the authority is.</summary>
    [Theory]
    [InlineData("none")]
    [InlineData("")]
    public void Unverified_SharesNoConnectionsWithVerified(string pem) => Assert.NotEqual(
        TlsHandshake.Of(new UpstreamTls { ServerName = Name }).Identity,
        TlsHandshake.Of(new UpstreamTls { ServerName = Name, Authority = "default/authority", AuthorityPem = pem }).Identity);

    private static async Task<HttpStatusCode> StatusAsync(X509Certificate2 certificate, string pem)
    {
        await using var upstream = await KestrelUpstream.StartAsync(
            context => context.Response.WriteAsync("ok"), certificate: _ => certificate);
        var tls = new UpstreamTls
        {
            ServerName = Name,
            Authority = "default/authority",
            AuthorityPem = pem,
        };
        await using var proxy = await TestProxy.StartAsync(Tables.Of(Tables.Cluster(upstream.EndPoint) with { Tls = tls }, Tables.Route()));
        using var response = await proxy.GetAsync();
        return response.StatusCode;
    }

    private static X509Certificate2 Authority(string name, X509Certificate2? issuer)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        if (issuer is null)
            return request.CreateSelfSigned(Now.AddDays(-30), Now.AddDays(30));
        using var certificate = request.Create(issuer, Now.AddDays(-20), Now.AddDays(20), RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }

    private static X509Certificate2 Issue(X509Certificate2 issuer, string? usage)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=server", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(Name);
        request.CertificateExtensions.Add(names.Build());
        if (usage is not null)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        using var certificate = request.Create(issuer, Now.AddDays(-2), Now.AddDays(2), RandomNumberGenerator.GetBytes(8));
        using var pair = certificate.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pfx), null);
    }
}
