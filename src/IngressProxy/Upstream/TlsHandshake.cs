using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.Upstream;

/// <summary>
/// The TLS handshake with the endpoints of a cluster. There is one object for the settings of a cluster in a table. When the settings name
/// an authority, only certificates that it has signed are accepted, also when its own certificates cannot be read.
/// </summary>
internal sealed class TlsHandshake
{
    private static readonly ConditionalWeakTable<UpstreamTls, TlsHandshake> Known = [];

    private readonly UpstreamTls _settings;
    private readonly X509Certificate2Collection _authorities = [];

    private TlsHandshake(UpstreamTls settings)
    {
        _settings = settings;
        // Each part has its length before it, so that no two settings have the same text.
        var verified = settings.IsVerified ? "verified " + settings.AuthorityPem : "not verified";
        var text = $"{settings.ServerName.Length} {settings.ServerName} {verified}";
        Identity = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
        try
        {
            _authorities.ImportFromPem(settings.AuthorityPem);
        }
        catch (CryptographicException)
        {
            _authorities.Clear();
        }
    }

    /// <summary>Equal for equal settings only. Connections may be shared when it is equal.</summary>
    public string Identity { get; }

    public static TlsHandshake Of(UpstreamTls settings) => Known.GetValue(settings, static s => new TlsHandshake(s));

    /// <summary>Does the handshake.</summary>
    /// <param name="connection">The result owns it. It is closed when there is none.</param>
    /// <param name="protocol">The protocol that is offered by ALPN.</param>
    /// <param name="cancellationToken">Ends the handshake.</param>
    /// <exception cref="AuthenticationException">The endpoint is refused; the message says why.</exception>
    public async ValueTask<SslStream> BeginAsync(Stream connection, SslApplicationProtocol protocol, CancellationToken cancellationToken)
    {
        string? fault = null;
        var stream = new SslStream(connection, leaveInnerStreamOpen: false);
        try
        {
            await stream.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = _settings.ServerName,
                    ApplicationProtocols = [protocol],
                    EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                    AllowRenegotiation = false,
                    // A session that was accepted under other settings must not be resumed.
                    AllowTlsResume = false,
                    CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                    CertificateChainPolicy = ChainPolicy(),
                    RemoteCertificateValidationCallback = (_, _, chain, errors) => (fault = Fault(chain, errors)) is null,
                },
                cancellationToken);
            if (protocol == SslApplicationProtocol.Http2 && stream.NegotiatedApplicationProtocol != protocol)
                throw new AuthenticationException("the endpoint does not offer HTTP/2 (by ALPN)");
            return stream;
        }
        catch (Exception e)
        {
            await stream.DisposeAsync();
            if (fault is not null)
                throw new AuthenticationException(fault, e);
            throw;
        }
    }

    /// <summary>The policy never fetches anything from addresses that a certificate names.</summary>
    private X509ChainPolicy ChainPolicy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(_authorities);
        return policy;
    }

    /// <summary>
    /// What is wrong with the certificate; null when nothing is, or when it is not verified. The text has nothing of what is in the
    /// certificate.
    /// </summary>
    private string? Fault(X509Chain? chain, SslPolicyErrors errors)
    {
        if (!_settings.IsVerified || errors == SslPolicyErrors.None)
            return null;
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
            return "the endpoint has no certificate";
        var faults = new List<string>();
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            faults.Add($"is not for {_settings.ServerName}");
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            var status = (chain?.ChainStatus ?? []).Aggregate(X509ChainStatusFlags.NoError, (all, s) => all | s.Status);
            if ((status & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0)
                faults.Add($"is not signed by the authority{(_settings.Authority is { } authority ? $" of Secret {authority}" : "")}");
            if (status.HasFlag(X509ChainStatusFlags.NotTimeValid))
                faults.Add("has expired or is not valid yet");
            if (faults.Count == 0)
                faults.Add($"cannot be verified ({status})");
        }
        return $"the certificate of the endpoint {string.Join(" and ", faults)}";
    }
}
