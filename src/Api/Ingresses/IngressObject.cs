using System.Collections.Immutable;
using Turnpike.Reading;

namespace Turnpike.Api.Ingresses;

/// <summary>An Ingress of any served version, in one shape (that of <c>networking.k8s.io/v1</c>).</summary>
/// <param name="ClassName"><c>spec.ingressClassName</c>, or null. The annotation is in the metadata.</param>
public sealed record IngressObject(
    ObjectMeta Metadata,
    string? ClassName,
    IngressBackend? DefaultBackend,
    ImmutableArray<IngressTls> Tls,
    ImmutableArray<IngressRule> Rules);

/// <param name="Hosts">Empty: every host of this Ingress.</param>
/// <param name="SecretName">Null or empty: the fallback certificate.</param>
public sealed record IngressTls(ImmutableArray<string> Hosts, string? SecretName);

/// <param name="Host">Empty: any host.</param>
public sealed record IngressRule(string Host, ImmutableArray<IngressPath> Paths);

/// <param name="Path">As written; empty where absent.</param>
public sealed record IngressPath(string Path, IngressPathType PathType, IngressBackend Backend);

/// <summary>How a path is read: Exact and Prefix as Kubernetes defines them, the third by the rule of 2017 (istio-2017.md §5.1).</summary>
public enum IngressPathType
{
    ImplementationSpecific,
    Exact,
    Prefix,
}

/// <summary>A Service of the Ingress's namespace and a port of it, by number or by name (the other one is 0 or empty).</summary>
public sealed record IngressBackend(string ServiceName, int PortNumber, string PortName)
{
    /// <inheritdoc/>
    public override string ToString() => $"{ServiceName}:{(PortName.Length > 0 ? PortName : PortNumber)}";
}
