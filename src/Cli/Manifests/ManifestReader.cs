using System.Text.Json.Nodes;
using Turnpike.Reading;
using Turnpike.Yaml;

namespace Turnpike.Cli.Manifests;

/// <summary>
/// Reads the Kubernetes objects of YAML or JSON text. Lists are split into their items, and missing namespaces are filled in.
/// </summary>
internal static class ManifestReader
{
    private static readonly HashSet<string> ClusterScopedKinds = new(StringComparer.Ordinal)
    {
        "Namespace", "IngressClass", "Node", "PersistentVolume", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition",
        "StorageClass", "PriorityClass", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "APIService",
    };

    /// <summary>Reads a file that the user named. A failure to read it is returned as a manifest with an error.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="name">The name of the file in messages.</param>
    /// <param name="defaultNamespace">The namespace of objects that name none.</param>
    public static IReadOnlyList<Manifest> ReadFile(string path, string name, string defaultNamespace) =>
        Read(ManifestFiles.ReadNamed, path, name, defaultNamespace);

    /// <summary>Reads a file that was found in a directory. A failure to read it is returned as a manifest with an error.</summary>
    public static IReadOnlyList<Manifest> ReadFound(string path, string name, string defaultNamespace) =>
        Read(ManifestFiles.ReadFound, path, name, defaultNamespace);

    private static IReadOnlyList<Manifest> Read(Func<string, string> read, string path, string name, string defaultNamespace)
    {
        try
        {
            return ReadText(read(path), name, defaultNamespace);
        }
        catch (Exception e) when (FileFault.Is(e))
        {
            return [Broken(name, e is ManifestFileException ? e.Message : FileFault.Reading(path, e))];
        }
    }

    public static IReadOnlyList<Manifest> ReadText(string text, string name, string defaultNamespace)
    {
        var manifests = new List<Manifest>();
        foreach (var document in YamlText.Read(text))
        {
            var location = new ManifestLocation(name, document.Index, 0, document.Line);
            if (document.Error is { } error)
                manifests.Add(new Manifest(location, null, null, error));
            else if (document.Root is not null)
                AddObject(manifests, location, document.Root, defaultNamespace);
        }
        return manifests;
    }

    private static void AddObject(List<Manifest> manifests, ManifestLocation location, JsonNode? node, string defaultNamespace)
    {
        if (node is not JsonObject root)
        {
            manifests.Add(new Manifest(location, null, null, "must be a Kubernetes object, a mapping with apiVersion, kind and metadata"));
            return;
        }
        var kind = Text(root["kind"]);
        if (kind is null)
        {
            manifests.Add(new Manifest(location, null, null, "kind: Required value: every object needs a kind"));
            return;
        }
        if (kind.EndsWith("List", StringComparison.Ordinal) && root["items"] is JsonArray items)
        {
            var number = 0;
            foreach (var item in items)
                AddObject(manifests, location with { Item = ++number }, item, defaultNamespace);
            return;
        }
        var metadata = root["metadata"] as JsonObject;
        var name = Text(metadata?["name"]);
        if (string.IsNullOrEmpty(name))
        {
            manifests.Add(new Manifest(location, null, null, $"metadata.name: Required value: {kind} needs a name"));
            return;
        }
        var ns = "";
        if (!ClusterScopedKinds.Contains(kind))
        {
            ns = Text(metadata!["namespace"]) is { Length: > 0 } written ? written : defaultNamespace;
            metadata["namespace"] = ns;
        }
        manifests.Add(new Manifest(location, new ObjectKey(kind, ns, name), root, null));
    }

    private static Manifest Broken(string name, string error) => new(new ManifestLocation(name, 1, 0, 1), null, null, error);

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
