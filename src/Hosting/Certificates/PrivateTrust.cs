using System.Security.Cryptography.X509Certificates;

namespace Turnpike.Hosting.Certificates;

/// <summary>Trust in private authorities, in place of the roots of the machine.</summary>
public static class PrivateTrust
{
    /// <summary>
    /// Returns a policy that trusts these authorities alone. It checks no revocation, because a private authority publishes no lists.
    /// </summary>
    public static X509ChainPolicy In(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }
}
