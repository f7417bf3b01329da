using System.Collections.Immutable;
using Turnpike.Reading;

namespace Turnpike.Api.Core;

/// <summary>A Service, as far as routing needs it.</summary>
/// <param name="Type">ClusterIP, NodePort, LoadBalancer or ExternalName.</param>
public sealed record ServiceObject(ObjectMeta Metadata, string Type, ImmutableArray<ServicePort> Ports)
{
    /// <summary>None for a headless service.</summary>
    public ImmutableArray<string> ClusterIps { get; init; } = [];
}

/// <param name="Name">Empty for an unnamed port.</param>
/// <param name="Port">The port of the Service, which Ingresses name.</param>
/// <param name="AppProtocol">As written (http, kubernetes.io/h2c, grpc …), or null.</param>
/// <param name="Transport">TCP, UDP or SCTP.</param>
public sealed record ServicePort(string Name, int Port, string? AppProtocol, string Transport);

/// <summary>Endpoints of one Service, from one EndpointSlice or one subset of an Endpoints object.</summary>
/// <param name="Metadata">Of the EndpointSlice or Endpoints object.</param>
/// <param name="ServiceName">The Service, in the object's own namespace.</param>
/// <param name="FromSlice">EndpointSlices replace Endpoints of the same Service where both exist.</param>
public sealed record EndpointsObject(ObjectMeta Metadata, string ServiceName, bool FromSlice, ImmutableArray<EndpointSubset> Subsets);

/// <param name="Ports">Port name (empty for an unnamed one) to the port on the pod.</param>
public sealed record EndpointSubset(ImmutableArray<EndpointAddress> Addresses, ImmutableSortedDictionary<string, int> Ports);

/// <param name="Ip">IPv4 or IPv6 address.</param>
/// <param name="PodName">The pod behind it, in the object's namespace, or null.</param>
public sealed record EndpointAddress(string Ip, string? PodName, bool Ready);

/// <summary>A Pod, as far as subsets, endpoint addresses and the proof of images need it.</summary>
/// <param name="Ips">None for a pod that has ended: its addresses may be another pod's by now.</param>
public sealed record PodObject(ObjectMeta Metadata, ImmutableArray<string> Ips)
{
    /// <summary>The containers of a pod that is ready, those that keep running beside it (native sidecars) included; none of any other pod.</summary>
    public ImmutableArray<ReadyContainer> ReadyContainers { get; init; } = [];
}

/// <param name="Image">As the pod's spec names it.</param>
public sealed record ReadyContainer(string Name, string Image);

/// <summary>A Secret of type <c>kubernetes.io/tls</c>: PEM texts of certificate chain and private key.</summary>
public sealed record TlsSecretObject(ObjectMeta Metadata, string CertificatePem, string PrivateKeyPem)
{
    /// <summary>Leaves the key out: a record's text ends up in logs.</summary>
    public override string ToString() => $"Secret {Metadata}";
}

public sealed record NamespaceObject(ObjectMeta Metadata);

/// <summary>An IngressClass; ours when <paramref name="Controller"/> is <see cref="Names.IngressController"/>.</summary>
public sealed record IngressClassObject(ObjectMeta Metadata, string Controller, bool IsDefault);
