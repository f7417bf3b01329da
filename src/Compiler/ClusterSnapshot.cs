using System.Collections.Immutable;
using Turnpike.Api.Core;
using Turnpike.Api.Ingresses;
using Turnpike.Api.Mesh;
using Turnpike.Api.RouteRules;

namespace Turnpike.Compiler;

/// <summary>What a cluster (or a directory of manifests) holds at one moment, as far as routing is concerned. Every object in it is valid by itself.</summary>
public sealed record ClusterSnapshot
{
    public MeshConfig Mesh { get; init; } = MeshConfig.Default;

    public ImmutableArray<IngressClassObject> IngressClasses { get; init; } = [];

    /// <summary>Of every class; the compiler takes those that are ours.</summary>
    public ImmutableArray<IngressObject> Ingresses { get; init; } = [];

    public ImmutableArray<RouteRule> RouteRules { get; init; } = [];

    public ImmutableArray<ServiceObject> Services { get; init; } = [];

    public ImmutableArray<EndpointsObject> Endpoints { get; init; } = [];

    public ImmutableArray<PodObject> Pods { get; init; } = [];

    public ImmutableArray<TlsSecretObject> TlsSecrets { get; init; } = [];

    public ImmutableArray<NamespaceObject> Namespaces { get; init; } = [];
}
