using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.Tls;

/// <summary>
/// Chooses the certificate for a server name, see <see cref="ServerNames{T}"/>. A table may bring new certificates at any time, and open
/// connections keep theirs.
/// </summary>
internal sealed class CertificateSelector(ILogger logger, TimeProvider time)
{
    /// <summary>Stands for a name that must not get a certificate, not even that of a wildcard.</summary>
    private static readonly SslServerAuthenticationOptions None = new();

    private readonly RefusalLog _refusals = new(logger, time);
    private volatile Snapshot _current = Snapshot.Empty;

    /// <summary>Returns the handshake options for a server name, which is null or empty when the client sent none.</summary>
    /// <exception cref="AuthenticationException">There is no certificate for the name, so the handshake is refused.</exception>
    public SslServerAuthenticationOptions Choose(string? serverName)
    {
        if (_current.Names.Find(serverName ?? "") is { } found && found != None)
            return found;
        _refusals.Refused(serverName ?? "");
        throw new AuthenticationException($"no certificate for server name '{serverName}'");
    }

    /// <summary>
    /// Takes over the certificates of a table. A certificate that cannot be read is left out and reported, and unchanged ones are not read
    /// again.
    /// </summary>
    public void Update(IReadOnlyList<Certificate> certificates)
    {
        var previous = _current;
        var loaded = new Dictionary<Certificate, SslServerAuthenticationOptions>(KeyPairComparer.Instance);
        var names = new ServerNames<SslServerAuthenticationOptions>();
        foreach (var certificate in certificates)
        {
            if (certificate.IsNone)
            {
                names.Add(certificate.Hosts, None);
                continue;
            }
            if (!loaded.TryGetValue(certificate, out var options))
            {
                options = previous.Loaded.GetValueOrDefault(certificate) ?? Load(certificate);
                if (options is null)
                    continue;
                loaded.Add(certificate, options);
            }
            names.Add(certificate.Hosts, options);
        }
        _current = new Snapshot(loaded, names);
    }

    private SslServerAuthenticationOptions? Load(Certificate certificate)
    {
        try
        {
            var leaf = X509Certificate2.CreateFromPem(certificate.CertificatePem, certificate.PrivateKeyPem);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(certificate.CertificatePem);
            if (chain.Count > 0)
                chain.RemoveAt(0);
            return new SslServerAuthenticationOptions
            {
                // Clients can resume their sessions because all connections have the same context.
                ServerCertificateContext = SslStreamCertificateContext.Create(leaf, chain, offline: true),
                ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            };
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            logger.CertificateUnreadable(certificate.Name, e.Message);
            return null;
        }
    }

    private sealed record Snapshot(
        Dictionary<Certificate, SslServerAuthenticationOptions> Loaded, ServerNames<SslServerAuthenticationOptions> Names)
    {
        public static Snapshot Empty { get; } = new([], new());
    }

    /// <summary>Compares the key pairs of certificates, whatever names they are for.</summary>
    private sealed class KeyPairComparer : IEqualityComparer<Certificate>
    {
        public static KeyPairComparer Instance { get; } = new();

        public bool Equals(Certificate? x, Certificate? y) =>
            x?.CertificatePem == y?.CertificatePem && x?.PrivateKeyPem == y?.PrivateKeyPem;

        public int GetHashCode(Certificate obj) => HashCode.Combine(obj.CertificatePem, obj.PrivateKeyPem);
    }
}
