using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Compiler;
using Turnpike.Hosting.Client;

namespace Turnpike.Discovery;

/// <summary>An object of the cluster as discovery keeps it.</summary>
/// <param name="Read">What the compiler reads of it.</param>
/// <param name="Conditions">Of a RouteRule: <c>status.conditions</c> as JSON text, where there are any.</param>
internal sealed record WatchedObject(ReadObject Read, string Uid, string? Conditions);

/// <summary>What a route table is made of, how narrowly it is asked for, and how it is read.</summary>
internal static class WatchedKinds
{

    /// <param name="slices">Whether the API server serves EndpointSlices in v1; Endpoints otherwise.</param>
    /// <param name="profile">Of the installation.</param>
    public static IEnumerable<(ResourceRef Resource, ResourceQuery Query)> All(bool slices, Profile profile) =>
    [
        (CustomResources.RouteRules, ResourceQuery.All),
        (KnownResources.Ingresses, ResourceQuery.All),
        (KnownResources.IngressClasses, ResourceQuery.All),
        (KnownResources.Services, ResourceQuery.All),
        (slices ? KnownResources.EndpointSlices : KnownResources.Endpoints, ResourceQuery.All),
        (KnownResources.Pods, ResourceQuery.All),
        (KnownResources.Namespaces, ResourceQuery.All),
        // Certificates only, and by name what an Ingress verifies its backends by: other secrets are nobody's business here.
        (KnownResources.Secrets, new ResourceQuery { FieldSelector = "type=kubernetes.io/tls" }),
        (KnownResources.ConfigMaps, new ResourceQuery { Namespace = profile.SystemNamespace, LabelSelector = Names.HostRecordLabel }),
        (KnownResources.ConfigMaps, ResourceQuery.Named(new(profile.SystemNamespace, profile.MeshConfigMap))),
    ];

    /// <summary>One Secret of any type.</summary>
    public static ResourceQuery SecretNamed(string ns, string name) => new() { Namespace = ns, FieldSelector = $"metadata.name={name}" };

    public static ReadObject DecodeAuthority(JsonElement json) => ReadObject.FromAuthority(JsonObject.Create(json)!);

    public static WatchedObject Watched(ResourceRef resource, JsonElement json, Profile profile)
    {
        var conditions = resource == CustomResources.RouteRules
            && json.Child("status")?.Child("conditions") is { ValueKind: JsonValueKind.Array } array
            ? array.GetRawText()
            : null;
        return new WatchedObject(Decode(resource, json, profile), json.Uid(), conditions);
    }

    /// <summary>The items of a list do not say what they are.</summary>
    public static ReadObject Decode(ResourceRef resource, JsonElement json, Profile profile)
    {
        var raw = JsonObject.Create(json)!;
        raw["apiVersion"] = resource.ApiVersion;
        raw["kind"] = resource.Kind;
        return ReadObject.From(raw, profile);
    }
}
