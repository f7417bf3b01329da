using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Api.RouteRules;
using Turnpike.Cli.Manifests;
using Turnpike.Discovery;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster;

/// <summary>
/// The objects of a valid input. Only a cluster can provide the rest: the default namespace and the kinds that it serves.
/// </summary>
/// <param name="rules">The RouteRules, which are valid if they are to be sent.</param>
/// <param name="others">The other objects of our group, which are sent unchanged.</param>
/// <param name="verb">The operation on them.</param>
internal sealed class InputObjects(IReadOnlyList<Manifest> rules, IReadOnlyList<Manifest> others, ChangeVerb verb)
{
    /// <summary>Returns the objects in the form for that cluster, RouteRules first.</summary>
    /// <exception cref="CommandException">The cluster does not serve one of their kinds.</exception>
    public async Task<IReadOnlyList<ClusterObject>> ForAsync(ClusterAccess cluster, CancellationToken ct)
    {
        var objects = rules.Select(manifest => RouteRule(manifest, cluster.Namespace)).ToList();
        var faults = new List<string>();
        foreach (var manifest in others)
        {
            if (await OtherAsync(manifest, cluster, ct) is { } known)
                objects.Add(known);
            else
                faults.Add($"{manifest.Describe()}: kind {manifest.Key!.Value.Kind} is not known");
        }
        return faults.Count == 0 ? objects : throw Invalid(verb, faults);
    }

    public static CommandException Invalid(ChangeVerb verb, IReadOnlyList<string> faults) =>
        new($"configuration is invalid, nothing was {verb.Participle}", faults);

    /// <summary>Returns the version of an object of our group; null for an object of another group.</summary>
    public static string? VersionOf(JsonNode root) =>
        root["apiVersion"] is JsonValue value && value.TryGetValue<string>(out var text) && text.Split('/') is [Names.Group, { Length: > 0 } version]
            ? version
            : null;

    private ClusterObject RouteRule(Manifest manifest, string ns)
    {
        var root = (JsonObject)manifest.Root!;
        var key = new NamespacedName(NamespaceOf(manifest, ns), manifest.Key!.Value.Name);
        root["metadata"]!["namespace"] = key.Namespace;
        var body = verb.SendsBody ? RouteRuleWriter.Write(RouteRuleReader.Read(root).Value!) : root;
        return new ClusterObject(CustomResources.RouteRules, key, body);
    }

    private static async Task<ClusterObject?> OtherAsync(Manifest manifest, ClusterAccess cluster, CancellationToken ct)
    {
        var root = (JsonObject)manifest.Root!;
        if (await ServedAsync(cluster, VersionOf(root)!, manifest.Key!.Value.Kind, ct) is not var (resource, isNamespaced))
            return null;
        var ns = NamespaceOf(manifest, cluster.Namespace);
        var metadata = root["metadata"]!.AsObject();
        if (isNamespaced)
            metadata["namespace"] = ns;
        else
            metadata.Remove("namespace");
        var name = manifest.Key.Value.Name;
        return new ClusterObject(resource, isNamespaced ? new(ns, name) : NamespacedName.ClusterScoped(name), root);
    }

    /// <summary>Returns the object's namespace, or that of the command line or of the context.</summary>
    private static string NamespaceOf(Manifest manifest, string otherwise) =>
        manifest.Key!.Value.Namespace is { Length: > 0 } written ? written : otherwise;

    private static Task<(ResourceRef Resource, bool IsNamespaced)?> ServedAsync(
        ClusterAccess cluster, string version, string kind, CancellationToken ct) =>
        cluster.RunAsync<(ResourceRef, bool)?>(async api =>
        {
            try
            {
                var answer = await api.RequestAsync(HttpMethod.Get, $"apis/{Names.Group}/{Uri.EscapeDataString(version)}", null, ct);
                return answer.Child("resources") is { ValueKind: JsonValueKind.Array } list
                    ? list.EnumerateArray().Select(known => Resource(known, version, kind)).FirstOrDefault(known => known is not null)
                    : null;
            }
            catch (KubeStatusException e) when (e.IsNotFound)
            {
                return null;
            }
        });

    /// <summary>Returns the resource, or null for another kind or a subresource, whose name has a slash.</summary>
    private static (ResourceRef Resource, bool IsNamespaced)? Resource(JsonElement known, string version, string kind) =>
        known.Text("kind") == kind && known.Text("name") is { } plural && !plural.Contains('/', StringComparison.Ordinal)
            ? (new ResourceRef(Names.Group, version, plural, kind), known.Child("namespaced") is { ValueKind: JsonValueKind.True })
            : null;
}
