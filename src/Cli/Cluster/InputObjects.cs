using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Api.RouteRules;
using Turnpike.Cli.Manifests;
using Turnpike.Discovery;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster;

/// <summary>The objects of an input in which nothing is wrong; only a cluster can tell what is left to know of them.</summary>
/// <param name="rules">RouteRules, valid where they are to be sent.</param>
/// <param name="others">Objects of our group that are sent as they are.</param>
/// <param name="verb">What is to be done with them.</param>
internal sealed class InputObjects(IReadOnlyList<Manifest> rules, IReadOnlyList<Manifest> others, ChangeVerb verb)
{
    /// <summary>The objects as that cluster is to get them: RouteRules first.</summary>
    /// <exception cref="CommandException">The cluster does not know one of their kinds.</exception>
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

    /// <summary>The version of an object of our group; null for an object of another.</summary>
    public static string? VersionOf(JsonNode root) =>
        root["apiVersion"] is JsonValue value && value.TryGetValue<string>(out var text) && text.Split('/') is [Names.Group, { Length: > 0 } version]
            ? version
            : null;

    private ClusterObject RouteRule(Manifest manifest, string ns)
    {
        var root = (JsonObject)manifest.Root!;
        var key = new NamespacedName(NamespaceOf(manifest, ns), manifest.Key!.Value.Name);
        root["metadata"]!["namespace"] = key.Namespace;
        return new ClusterObject(CustomResources.RouteRules, key, verb.SendsBody ? RouteRuleWriter.Write(RouteRuleReader.Read(root).Value!) : root);
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

    /// <summary>The object's, which the command line's does not contradict, else that of the command line or of the context.</summary>
    private static string NamespaceOf(Manifest manifest, string otherwise) =>
        manifest.Key!.Value.Namespace is { Length: > 0 } written ? written : otherwise;

    private static Task<(ResourceRef Resource, bool IsNamespaced)?> ServedAsync(ClusterAccess cluster, string version, string kind, CancellationToken ct) =>
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

    /// <summary>Null for another kind, and for a subresource, whose name has a slash.</summary>
    private static (ResourceRef Resource, bool IsNamespaced)? Resource(JsonElement known, string version, string kind) =>
        known.Text("kind") == kind && known.Text("name") is { } plural && !plural.Contains('/', StringComparison.Ordinal)
            ? (new ResourceRef(Names.Group, version, plural, kind), known.Child("namespaced") is { ValueKind: JsonValueKind.True })
            : null;
}
