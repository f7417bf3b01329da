using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Turnpike.Hosting.Certificates;

/// <summary>The certificate that servers present. It can be replaced while they run, without an effect on open connections.</summary>
public sealed class ServerCertificate
{
    private volatile X509Certificate2? _current;

    /// <summary>The current certificate; null until there is one.</summary>
    public X509Certificate2? Current => _current;

    public void Use(X509Certificate2 certificate)
    {
        if (_current?.Thumbprint == certificate.Thumbprint)
            return;
        Telemetry.CertificateSwaps.Add(1);
        Telemetry.CertificateExpiry.Record(new DateTimeOffset(certificate.NotAfter).ToUnixTimeSeconds());

        // The former one is not disposed of, because handshakes may be using it. The garbage collector takes it.
        _current = certificate;
    }

    /// <summary>
    /// Makes Kestrel present the current certificate on each new connection: <c>listen.UseHttps(certificate.Configure)</c>.
    /// </summary>
    public void Configure(HttpsConnectionAdapterOptions https)
    {
        https.ServerCertificateSelector = (_, _) => _current;
        https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
    }
}
