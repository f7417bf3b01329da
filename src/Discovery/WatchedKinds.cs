using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Compiler;
using Turnpike.Hosting.Client;

namespace Turnpike.Discovery;

/// <summary>An object of the cluster as discovery keeps it.</summary>
/// <param name="Read">The part of the object that the compiler reads.</param>
/// <param name="Conditions">The <c>status.conditions</c> of a RouteRule as JSON text; null when it has none, and for other kinds.</param>
internal sealed record WatchedObject(ReadObject Read, string Uid, string? Conditions);

/// <summary>A kind that route tables are made of.</summary>
/// <param name="Resource">The kind.</param>
/// <param name="Query">The objects of the kind that are watched.</param>
/// <param name="Reason">
/// The reason why the operator may list and watch the kind, for the comment in its role. Kinds with the same reason share a rule.
/// </param>
public sealed record WatchedKind(ResourceRef Resource, ResourceQuery Query, string Reason)
{
    /// <summary>The versions of Kubernetes in which the kind is watched; null for all.</summary>
    public string? OnlyFor { get; init; }
}

/// <summary>The kinds that route tables are made of. The informers and the roles of the operator are both made from this list.</summary>
public static class WatchedKinds
{
    private const string Endpoints = "Route tables contain the ready addresses of Services.";

    private const string Ingresses = "Route tables are made from Ingresses, by class.";

    private const string Objects = "Route tables are made from Services, pods, and the names and labels of namespaces.";

    private const string Secrets =
        "Route tables contain the certificates of TLS hosts and the authorities of backends. An Ingress may name any Secret of its "
        + "namespace, so the names are not known in advance, and a role cannot select Secrets by type. The operator lists Secrets of type "
        + "kubernetes.io/tls and, by name, those that an Ingress names as an authority. It gets none.";

    private const string Settings = "The operator reads the mesh settings and the records of host owners in its namespace.";

    /// <param name="profile">The names of the installation.</param>
    public static IReadOnlyList<WatchedKind> All(Profile profile) =>
    [
        new(CustomResources.RouteRules, ResourceQuery.All, "Route tables are made from RouteRules."),
        new(KnownResources.Ingresses, ResourceQuery.All, Ingresses),
        new(KnownResources.IngressClasses, ResourceQuery.All, Ingresses),
        new(KnownResources.Services, ResourceQuery.All, Objects),
        new(KnownResources.EndpointSlices, ResourceQuery.All, Endpoints) { OnlyFor = "Kubernetes 1.21 and newer" },
        new(KnownResources.Endpoints, ResourceQuery.All, Endpoints) { OnlyFor = "Kubernetes before 1.21" },
        new(KnownResources.Pods, ResourceQuery.All, Objects),
        new(KnownResources.Namespaces, ResourceQuery.All, Objects),
        new(KnownResources.Secrets, new() { FieldSelector = "type=kubernetes.io/tls" }, Secrets),
        new(KnownResources.ConfigMaps, new() { Namespace = profile.SystemNamespace, LabelSelector = Names.HostRecordLabel }, Settings),
        new(KnownResources.ConfigMaps, ResourceQuery.Named(new(profile.SystemNamespace, profile.MeshConfigMap)), Settings),
    ];

    /// <param name="slices">Whether the API server serves EndpointSlices in v1, which are then watched in place of Endpoints.</param>
    /// <param name="profile">The names of the installation.</param>
    internal static IEnumerable<WatchedKind> Of(bool slices, Profile profile)
    {
        var other = slices ? KnownResources.Endpoints : KnownResources.EndpointSlices;
        return All(profile).Where(kind => kind.Resource != other);
    }

    internal static ReadObject DecodeAuthority(JsonElement json) => ReadObject.FromAuthority(JsonObject.Create(json)!);

    internal static WatchedObject Watched(ResourceRef resource, JsonElement json, Profile profile)
    {
        var conditions = resource == CustomResources.RouteRules
            && json.Child("status")?.Child("conditions") is { ValueKind: JsonValueKind.Array } array
            ? array.GetRawText()
            : null;
        return new WatchedObject(Decode(resource, json, profile), json.Uid(), conditions);
    }

    /// <summary>Reads an object of a kind. The items of a list lack <c>apiVersion</c> and <c>kind</c>, so both are added.</summary>
    internal static ReadObject Decode(ResourceRef resource, JsonElement json, Profile profile)
    {
        var raw = JsonObject.Create(json)!;
        raw["apiVersion"] = resource.ApiVersion;
        raw["kind"] = resource.Kind;
        return ReadObject.From(raw, profile);
    }
}
