using Turnpike.Api;

namespace Turnpike.Compiler;

/// <summary>The role of a proxy.</summary>
public enum ProxyRole
{
    /// <summary>The proxy serves the clients of the cluster, and holds the certificates of its hosts.</summary>
    Ingress,

    /// <summary>The proxy runs beside one workload.</summary>
    Sidecar,
}

/// <summary>The audience of a table: the proxies of one role that run as one ServiceAccount. No other proxy gets the table.</summary>
/// <param name="Role">The role of the proxies.</param>
/// <param name="Namespace">The namespace of the ServiceAccount.</param>
/// <param name="ServiceAccount">The name of the ServiceAccount.</param>
public sealed record TableAudience(ProxyRole Role, string Namespace, string ServiceAccount)
{
    /// <summary>Returns the audience of the managed ingress.</summary>
    public static TableAudience OfIngress(Profile profile) => new(ProxyRole.Ingress, profile.SystemNamespace, profile.IngressService);

    /// <inheritdoc/>
    public override string ToString() => $"{Role.ToString().ToLowerInvariant()} {Namespace}/{ServiceAccount}";
}
