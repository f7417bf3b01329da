using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Turnpike.Protocol;

/// <summary>The HTTP handler for the clients of the control plane: the proxies, and the leader when it asks the other replicas.</summary>
public static class ControlPlaneHandler
{
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Returns a handler that trusts these authorities alone. It pings its connections, so that a replica that vanishes without closing
    /// them
    /// is noticed, and ignores the proxy settings of the environment. It checks no revocation, because the authority publishes no lists.
    /// </summary>
    public static SocketsHttpHandler Create(X509Certificate2Collection authorities, TimeSpan connectTimeout)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.AddRange(authorities);
        return new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy },
            ConnectTimeout = connectTimeout,
            KeepAlivePingDelay = PingDelay,
            KeepAlivePingTimeout = PingTimeout,
            UseProxy = false,
        };
    }
}
