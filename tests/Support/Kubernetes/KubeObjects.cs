using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Hosting.Client;

namespace Turnpike.Tests.Support.Kubernetes;

/// <summary>The kinds that tests speak of.</summary>
internal static class Kind
{
    public static readonly ResourceRef ConfigMaps = new("", "v1", "configmaps", "ConfigMap");
    public static readonly ResourceRef Pods = new("", "v1", "pods", "Pod");
    public static readonly ResourceRef Nodes = new("", "v1", "nodes", "Node");
    public static readonly ResourceRef Services = new("", "v1", "services", "Service");
    public static readonly ResourceRef Deployments = new("apps", "v1", "deployments", "Deployment");
    public static readonly ResourceRef Ingresses = new("networking.k8s.io", "v1", "ingresses", "Ingress");
    public static readonly ResourceRef RouteRules = new("config.istio.io", "v1alpha2", "routerules", "RouteRule");
}

/// <summary>Short ways into objects as the API server shows them.</summary>
internal static class KubeObjects
{
    /// <summary>The member at a path such as <c>spec.replicas</c>, where no name has a dot in it.</summary>
    public static JsonElement? At(this JsonElement element, string path) =>
        path.Split('.').Aggregate((JsonElement?)element, (inner, name) => inner?.Child(name));

    public static string? TextAt(this JsonElement element, string path) => element.At(path)?.ToString();

    public static long Generation(this JsonElement element) => element.At("metadata.generation")!.Value.GetInt64();

    public static JsonObject Parse(string text) => JsonNode.Parse(text)!.AsObject();

    public static Task<JsonElement> MergeAsync(
        this KubeApi api,
        ResourceRef resource,
        NamespacedName key,
        string patch,
        CancellationToken ct) => api.PatchAsync(resource, key, PatchKind.Merge, Parse(patch), WriteOptions.Default, ct);
}
