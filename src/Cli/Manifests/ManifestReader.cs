using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Api.Yaml;

namespace Turnpike.Cli.Manifests;

/// <summary>Reads Kubernetes objects out of YAML or JSON text: several documents, Lists taken apart, namespaces filled in.</summary>
internal static class ManifestReader
{
    /// <summary>A larger file is refused: it is not a manifest.</summary>
    public const long MaxFileBytes = 64 * 1024 * 1024;

    private static readonly HashSet<string> ClusterScopedKinds = new(StringComparer.Ordinal)
    {
        "Namespace", "IngressClass", "Node", "PersistentVolume", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition",
        "StorageClass", "PriorityClass", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "APIService",
    };

    /// <summary>The manifest files of a directory: <c>*.yaml</c>, <c>*.yml</c>, <c>*.json</c>, without hidden ones, in ordinal order.</summary>
    public static IEnumerable<string> FilesOf(string directory) =>
        Directory.EnumerateFiles(directory)
            .Where(f => Path.GetFileName(f) is ['.', ..] ? false : Path.GetExtension(f) is ".yaml" or ".yml" or ".json")
            .Order(StringComparer.Ordinal);

    /// <summary>Reads a file; what is wrong with the file itself comes back as a manifest with an error.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="defaultNamespace">For objects that name none.</param>
    public static IReadOnlyList<Manifest> ReadFile(string path, string name, string defaultNamespace)
    {
        try
        {
            var length = new FileInfo(path).Length;
            return length > MaxFileBytes
                ? [Broken(name, $"has {length} bytes; the limit is {MaxFileBytes}")]
                : ReadText(File.ReadAllText(path), name, defaultNamespace);
        }
        catch (Exception e) when (FileFault.Is(e))
        {
            return [Broken(name, FileFault.Reading(path, e))];
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
