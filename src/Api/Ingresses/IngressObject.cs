using System.Collections.Immutable;
using Turnpike.Reading;

namespace Turnpike.Api.Ingresses;

/// <summary>An Ingress of any version, in the form of <c>networking.k8s.io/v1</c>.</summary>
/// <param name="Metadata">The metadata, which holds the annotations.</param>
/// <param name="ClassName"><c>spec.ingressClassName</c>, or null.</param>
/// <param name="DefaultBackend">The backend for requests that no path takes, or null.</param>
/// <param name="Tls">The entries of <c>spec.tls</c>.</param>
/// <param name="Rules">The hosts with their paths.</param>
public sealed record IngressObject(
    ObjectMeta Metadata,
    string? ClassName,
    IngressBackend? DefaultBackend,
    ImmutableArray<IngressTls> Tls,
    ImmutableArray<IngressRule> Rules);

/// <param name="Hosts">The hosts of the entry; none stands for every host of this Ingress.</param>
/// <param name="SecretName">The Secret with the certificate; null or empty for the fallback certificate.</param>
public sealed record IngressTls(ImmutableArray<string> Hosts, string? SecretName);

/// <param name="Host">The host; empty for any host.</param>
/// <param name="Paths">The paths of the host.</param>
public sealed record IngressRule(string Host, ImmutableArray<IngressPath> Paths);

/// <param name="Path">The path as written; empty if it is absent.</param>
/// <param name="PathType">How the path is matched.</param>
/// <param name="Backend">The service and port that the path leads to.</param>
public sealed record IngressPath(string Path, IngressPathType PathType, IngressBackend Backend);

/// <summary>
/// How a path is matched: Exact and Prefix as Kubernetes defines them, ImplementationSpecific by the rule of 2017 (istio-2017.md §5.1).
/// </summary>
public enum IngressPathType
{
    ImplementationSpecific,
    Exact,
    Prefix,
}

/// <summary>A Service of the Ingress's namespace and one of its ports, by number or by name. The other of the two is 0 or empty.</summary>
public sealed record IngressBackend(string ServiceName, int PortNumber, string PortName)
{
    /// <inheritdoc/>
    public override string ToString() => $"{ServiceName}:{(PortName.Length > 0 ? PortName : PortNumber)}";
}
