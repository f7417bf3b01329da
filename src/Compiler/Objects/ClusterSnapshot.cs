using System.Collections.Immutable;
using Turnpike.Api;
using Turnpike.Api.Core;
using Turnpike.Api.Ingresses;
using Turnpike.Api.Mesh;
using Turnpike.Api.RouteRules;
using Turnpike.Compiler.Hosts;

namespace Turnpike.Compiler;

/// <summary>
/// The objects of a cluster, or of a directory of manifests, at one moment, as far as they concern routing. Every object in it is valid by
/// itself, except those of <see cref="InvalidIngresses"/>.
/// </summary>
public sealed record ClusterSnapshot
{
    /// <summary>The names of the installation that the snapshot is for.</summary>
    public Profile Profile { get; init; } = Profile.Istio2017;

    public MeshConfig Mesh { get; init; } = MeshConfig.Default;

    /// <summary>
    /// The endpoint addresses that are used when the mesh settings do not specify them. A directory of manifests has no pods, and its
    /// author controls the machine anyway, so file mode takes any address.
    /// </summary>
    public EndpointAddresses DefaultEndpointAddresses { get; init; } = EndpointAddresses.Pods;

    /// <summary>
    /// The HTTPS port as clients see it, when the mesh settings do not specify it. In file mode it is the port of the listener.
    /// </summary>
    public int DefaultHttpsRedirectPort { get; init; } = 443;

    public ImmutableArray<IngressClassObject> IngressClasses { get; init; } = [];

    /// <summary>The Ingresses of every class. The compiler selects those of our class.</summary>
    public ImmutableArray<IngressObject> Ingresses { get; init; } = [];

    /// <summary>
    /// The Ingresses that are not valid and of which no good version is known, with their class and hosts only. They serve nothing, but
    /// keep their hosts.
    /// </summary>
    public ImmutableArray<IngressObject> InvalidIngresses { get; init; } = [];

    public ImmutableArray<RouteRule> RouteRules { get; init; } = [];

    public ImmutableArray<ServiceObject> Services { get; init; } = [];

    public ImmutableArray<EndpointsObject> Endpoints { get; init; } = [];

    public ImmutableArray<PodObject> Pods { get; init; } = [];

    public ImmutableArray<TlsSecretObject> TlsSecrets { get; init; } = [];

    /// <summary>The Secrets that hold certificates of an authority. Secrets that no Ingress names may be among them.</summary>
    public ImmutableArray<AuthorityObject> Authorities { get; init; } = [];

    /// <summary>
    /// The <c>namespace/name</c> of the Secrets that were looked up in addition to <see cref="TlsSecrets"/>; null when the snapshot holds
    /// all Secrets.
    /// </summary>
    public ImmutableHashSet<string>? AuthoritiesLookedFor { get; init; }

    public ImmutableArray<NamespaceObject> Namespaces { get; init; } = [];

    /// <summary>The records of the owners of hosts, as the cluster stores them.</summary>
    public ImmutableArray<HostRecord> HostRecords { get; init; } = [];

    /// <summary>The namespaces that held the hosts before, from the records or from the current table.</summary>
    public HostClaims HostClaims { get; init; } = HostClaims.None;
}
