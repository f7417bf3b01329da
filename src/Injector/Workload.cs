using System.Text.Json.Nodes;
using Turnpike.Injector.Patch;
using Turnpike.Reading;

namespace Turnpike.Injector;

/// <summary>An object that creates pods, as raw JSON. Its kind decides where the pod is; its apiVersion does not matter.</summary>
internal sealed class Workload
{
    private static readonly Dictionary<string, string[]> Templates = new(StringComparer.Ordinal)
    {
        ["Pod"] = [],
        ["Deployment"] = ["spec", "template"],
        ["DaemonSet"] = ["spec", "template"],
        ["ReplicaSet"] = ["spec", "template"],
        ["StatefulSet"] = ["spec", "template"],
        ["Job"] = ["spec", "template"],
        ["ReplicationController"] = ["spec", "template"],
        ["CronJob"] = ["spec", "jobTemplate", "spec", "template"],
    };

    private readonly string[] _template;

    private Workload(JsonObject root, string kind, string[] template)
    {
        Root = root;
        Kind = kind;
        _template = template;
        Metadata = Json.Member(root, "metadata");
        PodMetadata = Json.At(root, [.. template, "metadata"]);
        PodSpec = Json.At(root, [.. template, "spec"]);
    }

    public JsonObject Root { get; }

    public string Kind { get; }

    public bool IsPod => _template.Length == 0;

    public JsonNode? Metadata { get; }

    public JsonNode? PodMetadata { get; }

    public JsonNode? PodSpec { get; }

    /// <summary>Returns the workload, or null if the kind creates no pods.</summary>
    public static Workload? Of(JsonObject root) =>
        Json.Text(Json.Member(root, "kind")) is { } kind && Templates.TryGetValue(kind, out var template)
            ? new Workload(root, kind, template)
            : null;

    /// <summary>Returns a JSON pointer into the pod or pod template.</summary>
    public string PodPath(params string[] tokens) => _template.Concat(tokens).Aggregate("", JsonPointer.Child);

    /// <summary>Returns a field path into the pod or pod template, for messages.</summary>
    public string PodField(params string[] names) => string.Join('.', _template.Concat(names));

    /// <summary>Returns the names of containers or volumes. <paramref name="list"/> is a member of the pod's spec.</summary>
    public IEnumerable<string> Names(string list) => Json.ItemNames(Json.Member(PodSpec, list));

    /// <summary>
    /// Returns true when the pod has a container or init container of that name, such as a proxy from an injection that lost other parts.
    /// </summary>
    public bool HasContainer(string name) => Names("containers").Concat(Names("initContainers")).Contains(name);

    public string? PodLabel(string name) => Json.Text(Json.At(PodMetadata, ["labels", name]));

    /// <summary>Returns the errors that the API server would find in the parts that injection reads or changes.</summary>
    public IReadOnlyList<FieldError> Faults()
    {
        var faults = new List<FieldError>();
        CheckMetadata(faults, "metadata", Metadata);
        if (!IsPod)
            CheckMetadata(faults, PodField("metadata"), PodMetadata);
        if (PodSpec is not JsonObject)
        {
            faults.Add(Missing());
            return faults;
        }
        CheckItems(faults, "containers");
        CheckItems(faults, "initContainers");
        CheckItems(faults, "volumes");
        if (Json.Member(PodSpec, "containers") is null or JsonArray { Count: 0 })
            faults.Add(FieldError.Required(PodField("spec", "containers"), "a pod needs at least one container"));
        return faults;
    }

    /// <summary>Returns the error for the outermost part that is missing.</summary>
    private FieldError Missing()
    {
        JsonNode? node = Root;
        var path = new List<string>();
        foreach (var name in (string[])[.. _template, "spec"])
        {
            path.Add(name);
            var member = Json.Member(node, name);
            if (member is null)
                return FieldError.Required(string.Join('.', path), name == "template" ? "a pod template with a spec" : "an object");
            if (member is not JsonObject)
                return FieldError.Invalid(string.Join('.', path), Json.Show(member), "must be an object");
            node = member;
        }
        return FieldError.Invalid(string.Join('.', path), null, "must be an object");
    }

    private static void CheckMetadata(List<FieldError> faults, string path, JsonNode? metadata)
    {
        if (metadata is not (null or JsonObject))
            faults.Add(FieldError.Invalid(path, Json.Show(metadata), "must be an object"));
        foreach (var map in (string[])["labels", "annotations"])
        {
            var node = Json.Member(metadata, map);
            if (node is not (null or JsonObject))
                faults.Add(FieldError.Invalid($"{path}.{map}", Json.Show(node), "must be an object"));
            foreach (var (key, value) in node as JsonObject ?? [])
            {
                if (value is null || Json.Text(value) is not null)
                    continue;
                faults.Add(FieldError.Invalid($"{path}.{map}[{Json.Plain(key)}]", Json.Show(value), "must be a string; quote the value"));
            }
        }
    }

    private void CheckItems(List<FieldError> faults, string list)
    {
        var path = PodField("spec", list);
        var node = Json.Member(PodSpec, list);
        if (node is not (null or JsonArray))
            faults.Add(FieldError.Invalid(path, Json.Show(node), "must be a list"));
        var items = node as JsonArray ?? [];
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i] is not JsonObject)
                faults.Add(FieldError.Invalid($"{path}[{i}]", Json.Show(items[i]), "must be an object"));
        }
    }
}
