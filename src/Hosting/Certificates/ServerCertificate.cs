using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Turnpike.Hosting.Certificates;

/// <summary>The certificate that servers show now. It is exchanged while they run; connections that exist do not notice.</summary>
public sealed class ServerCertificate
{
    private volatile X509Certificate2? _current;

    /// <summary>Null until the first one is there.</summary>
    public X509Certificate2? Current => _current;

    public void Use(X509Certificate2 certificate)
    {
        if (_current?.Thumbprint == certificate.Thumbprint)
            return;
        Telemetry.CertificateSwaps.Add(1);
        Telemetry.CertificateExpiry.Record(new DateTimeOffset(certificate.NotAfter).ToUnixTimeSeconds());

        // The former one is left to the collector: handshakes may be using it.
        _current = certificate;
    }

    /// <summary>Has Kestrel ask here for each new connection: <c>listen.UseHttps(certificate.Configure)</c>.</summary>
    public void Configure(HttpsConnectionAdapterOptions https)
    {
        https.ServerCertificateSelector = (_, _) => _current;
        https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
    }
}
