using Turnpike.Api;

namespace Turnpike.Compiler;

/// <summary>What a proxy is for.</summary>
public enum ProxyRole
{
    /// <summary>Serves the clients of the cluster, and holds the certificates of its hosts.</summary>
    Ingress,

    /// <summary>Sits beside one workload.</summary>
    Sidecar,
}

/// <summary>Whom a table is for: the proxies of one role that run as one ServiceAccount. A table is handed to nobody else.</summary>
/// <param name="Role">What the proxies are for.</param>
/// <param name="Namespace">The namespace of the ServiceAccount.</param>
/// <param name="ServiceAccount">The name of the ServiceAccount.</param>
public sealed record TableAudience(ProxyRole Role, string Namespace, string ServiceAccount)
{
    /// <summary>Returns the audience of the managed ingress.</summary>
    public static TableAudience OfIngress(Profile profile) => new(ProxyRole.Ingress, profile.SystemNamespace, profile.IngressService);

    /// <inheritdoc/>
    public override string ToString() => $"{Role.ToString().ToLowerInvariant()} {Namespace}/{ServiceAccount}";
}
