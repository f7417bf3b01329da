using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.Upstream;

/// <summary>
/// TLS to the endpoints of a cluster: what is offered, and whom it takes. Made once for the settings of a cluster in a table. Whether the certificates of
/// the authority can be read or not, where one is asked for only what it stands behind passes.
/// </summary>
internal sealed class TlsHandshake
{
    private static readonly ConditionalWeakTable<UpstreamTls, TlsHandshake> Known = [];

    private readonly UpstreamTls _settings;
    private readonly X509Certificate2Collection _authorities = [];

    private TlsHandshake(UpstreamTls settings)
    {
        _settings = settings;
        // Lengths first, so that no two settings are the same text.
        var text = $"{settings.ServerName.Length} {settings.ServerName} {(settings.IsVerified ? "verified " + settings.AuthorityPem : "not verified")}";
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

    /// <summary>Equal for equal settings alone: connections may be shared where it is.</summary>
    public string Identity { get; }

    public static TlsHandshake Of(UpstreamTls settings) => Known.GetValue(settings, static s => new TlsHandshake(s));

    /// <summary>Goes through the handshake.</summary>
    /// <param name="connection">Owned by the result, or closed.</param>
    /// <param name="protocol">The one that is offered.</param>
    /// <param name="cancellationToken">Bounds it.</param>
    /// <exception cref="AuthenticationException">The endpoint is not one to speak to; the message says why.</exception>
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
                    // Who was taken under other settings is looked at again.
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

    /// <summary>The certificate of an endpoint may name addresses to fetch more from: those are never called.</summary>
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

    /// <summary>What is wrong with the certificate; null where nothing is, or nobody asks. Nothing that is written in it gets into the text.</summary>
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
