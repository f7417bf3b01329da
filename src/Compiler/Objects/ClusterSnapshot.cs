using System.Collections.Immutable;
using Turnpike.Api;
using Turnpike.Api.Core;
using Turnpike.Api.Ingresses;
using Turnpike.Api.Mesh;
using Turnpike.Api.RouteRules;
using Turnpike.Compiler.Hosts;

namespace Turnpike.Compiler;

/// <summary>What a cluster (or a directory of manifests) holds at one moment, as far as routing is concerned. Every object in it is valid by itself.</summary>
public sealed record ClusterSnapshot
{
    /// <summary>The names of the installation that the snapshot is for.</summary>
    public Profile Profile { get; init; } = Profile.Istio2017;

    public MeshConfig Mesh { get; init; } = MeshConfig.Default;

    /// <summary>
    /// The endpoint addresses that are used where the mesh settings do not say. A directory of manifests has no pods, and its author controls the
    /// machine anyway, so file mode takes any address.
    /// </summary>
    public EndpointAddresses DefaultEndpointAddresses { get; init; } = EndpointAddresses.Pods;

    /// <summary>The port of HTTPS as clients see it where the mesh does not say: that of the listener in file mode.</summary>
    public int DefaultHttpsRedirectPort { get; init; } = 443;

    public ImmutableArray<IngressClassObject> IngressClasses { get; init; } = [];

    /// <summary>Of every class; the compiler takes those that are ours.</summary>
    public ImmutableArray<IngressObject> Ingresses { get; init; } = [];

    /// <summary>Ingresses that are not valid and of which no good version is known: class and hosts alone. They serve nothing, and keep what is theirs.</summary>
    public ImmutableArray<IngressObject> InvalidIngresses { get; init; } = [];

    public ImmutableArray<RouteRule> RouteRules { get; init; } = [];

    public ImmutableArray<ServiceObject> Services { get; init; } = [];

    public ImmutableArray<EndpointsObject> Endpoints { get; init; } = [];

    public ImmutableArray<PodObject> Pods { get; init; } = [];

    public ImmutableArray<TlsSecretObject> TlsSecrets { get; init; } = [];

    /// <summary>Secrets as Ingresses name them for the certificates of an authority; more may be here than are named.</summary>
    public ImmutableArray<AuthorityObject> Authorities { get; init; } = [];

    /// <summary>The Secrets, <c>namespace/name</c>, that were looked for beyond <see cref="TlsSecrets"/>; null where all of them are here.</summary>
    public ImmutableHashSet<string>? AuthoritiesLookedFor { get; init; }

    public ImmutableArray<NamespaceObject> Namespaces { get; init; } = [];

    /// <summary>The records of who has which host, as they lie in the cluster.</summary>
    public ImmutableArray<HostRecord> HostRecords { get; init; } = [];

    /// <summary>The namespaces that had the hosts before, from the records or from the current table.</summary>
    public HostClaims HostClaims { get; init; } = HostClaims.None;
}
