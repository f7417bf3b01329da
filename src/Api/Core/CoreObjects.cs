using System.Collections.Immutable;
using Turnpike.Reading;

namespace Turnpike.Api.Core;

/// <summary>The parts of a Service that routing needs.</summary>
/// <param name="Type">ClusterIP, NodePort, LoadBalancer or ExternalName.</param>
public sealed record ServiceObject(ObjectMeta Metadata, string Type, ImmutableArray<ServicePort> Ports)
{
    /// <summary>The cluster IPs; none for a headless service.</summary>
    public ImmutableArray<string> ClusterIps { get; init; } = [];
}

/// <param name="Name">The name of the port; empty for an unnamed one.</param>
/// <param name="Port">The port of the Service, to which Ingresses refer.</param>
/// <param name="AppProtocol">The protocol as written, such as http, kubernetes.io/h2c or grpc; or null.</param>
/// <param name="Transport">TCP, UDP or SCTP.</param>
public sealed record ServicePort(string Name, int Port, string? AppProtocol, string Transport);

/// <summary>The endpoints of one Service, from an EndpointSlice or an Endpoints object.</summary>
/// <param name="Metadata">The metadata of that object.</param>
/// <param name="ServiceName">The Service, in the object's own namespace.</param>
/// <param name="FromSlice">Whether the object is an EndpointSlice. EndpointSlices replace the Endpoints of the same Service.</param>
public sealed record EndpointsObject(ObjectMeta Metadata, string ServiceName, bool FromSlice, ImmutableArray<EndpointSubset> Subsets);

/// <param name="Addresses">The addresses that share the ports.</param>
/// <param name="Ports">The port on the pod by the name of the port, which is empty for an unnamed one.</param>
public sealed record EndpointSubset(ImmutableArray<EndpointAddress> Addresses, ImmutableSortedDictionary<string, int> Ports);

/// <param name="Ip">An IPv4 or IPv6 address.</param>
/// <param name="PodName">The pod with that address, in the object's namespace; or null.</param>
/// <param name="Ready">Whether the endpoint may receive requests.</param>
public sealed record EndpointAddress(string Ip, string? PodName, bool Ready);

/// <summary>The parts of a Pod that subsets, endpoint addresses and the proof of images need.</summary>
/// <param name="Metadata">The metadata of the Pod.</param>
/// <param name="Ips">The addresses; none for a pod that has ended, because another pod may have them by now.</param>
public sealed record PodObject(ObjectMeta Metadata, ImmutableArray<string> Ips)
{
    /// <summary>The containers of a ready pod, including native sidecars; none if the pod is not ready.</summary>
    public ImmutableArray<ReadyContainer> ReadyContainers { get; init; } = [];
}

/// <param name="Name">The name of the container.</param>
/// <param name="Image">The image as the pod's spec names it.</param>
public sealed record ReadyContainer(string Name, string Image);

/// <summary>The certificate chain and the private key of a TLS Secret, both in PEM form.</summary>
public sealed record TlsSecretObject(ObjectMeta Metadata, string CertificatePem, string PrivateKeyPem)
{
    /// <summary>Returns the name alone, without the key, because the text of a record may end up in logs.</summary>
    public override string ToString() => $"Secret {Metadata}";
}

public sealed record NamespaceObject(ObjectMeta Metadata);

/// <summary>An IngressClass. It is Turnpike's when <paramref name="Controller"/> is <see cref="Names.IngressController"/>.</summary>
public sealed record IngressClassObject(ObjectMeta Metadata, string Controller, bool IsDefault);
