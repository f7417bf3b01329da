using System.Text.Json.Nodes;
using Turnpike.Api.Ingresses;

namespace Turnpike.Cli.Conversion;

/// <summary>Converts an Ingress of <c>extensions/v1beta1</c> or <c>networking.k8s.io/v1beta1</c> to <c>networking.k8s.io/v1</c>.</summary>
/// <param name="faults">Receives a line, led by the field, for each value that cannot be converted.</param>
/// <param name="notes">Receives a line for each value that an API server will refuse or interpret differently.</param>
internal sealed class IngressConversion(List<string> faults, List<string> notes)
{
    public const string NewVersion = "networking.k8s.io/v1";

    /// <summary>The path type that Turnpike and an API server assume for a path of an old Ingress.</summary>
    public const string PathType = nameof(IngressPathType.ImplementationSpecific);

    public static bool IsOldVersion(string? apiVersion) => apiVersion is "extensions/v1beta1" or "networking.k8s.io/v1beta1";

    /// <summary>Returns true for an old Ingress and for an IngressList of an old version.</summary>
    public static bool IsOld(JsonObject root) =>
        IsOldVersion(Text(root["apiVersion"])) && Text(root["kind"]) is "Ingress" or "IngressList";

    /// <summary>Returns the converted object. The old one is not changed.</summary>
    public JsonObject Convert(JsonObject old)
    {
        var ingress = old.DeepClone().AsObject();
        ingress["apiVersion"] = NewVersion;
        if (ingress["spec"] is not JsonObject spec)
            return ingress;
        var annotated = (ingress["metadata"]?["annotations"] as JsonObject)?.ContainsKey(Api.Names.IngressClassAnnotation) == true;
        if (annotated && spec.ContainsKey("ingressClassName"))
        {
            notes.Add("spec.ingressClassName: an API server refuses to create an Ingress that also has the annotation "
                + $"{Api.Names.IngressClassAnnotation}; remove one of them");
        }
        if (spec.ContainsKey("backend"))
        {
            if (spec.ContainsKey("defaultBackend"))
                faults.Add("spec.backend: cannot become spec.defaultBackend, which is already present");
            else
                spec["defaultBackend"] = Backend(Take(spec, "backend"), "spec.backend");
        }
        Each(spec["rules"], "spec.rules", (rule, field) => Each(rule["http"]?["paths"], $"{field}.http.paths", Path));
        return ingress;
    }

    private void Path(JsonObject path, string field)
    {
        if (!path.ContainsKey("pathType"))
            path["pathType"] = PathType;
        if (Text(path["path"]) is [not '/', ..] text)
            notes.Add($"{field}.path: \"{text}\" does not begin with '/', which an API server refuses in v1");
        if (path.ContainsKey("backend"))
            path["backend"] = Backend(Take(path, "backend"), $"{field}.backend");
        else
            faults.Add($"{field}.backend: Required value: the service and port that the path leads to");
    }

    private JsonNode? Backend(JsonNode? node, string field)
    {
        if (node is not JsonObject backend)
        {
            faults.Add($"{field}: must be a mapping with serviceName and servicePort");
            return node;
        }
        // A resource has the same form in all versions.
        if (backend.ContainsKey("resource") && !backend.ContainsKey("serviceName"))
            return backend;
        if (Text(backend["serviceName"]) is not { Length: > 0 } name)
            faults.Add($"{field}.serviceName: Required value: the name of a service");
        else
            backend["service"] = new JsonObject { ["name"] = name, ["port"] = Port(backend["servicePort"], $"{field}.servicePort") };
        backend.Remove("serviceName");
        backend.Remove("servicePort");
        return backend;
    }

    private JsonObject? Port(JsonNode? node, string field)
    {
        if (Text(node) is { Length: > 0 } name)
        {
            if (name.All(char.IsAsciiDigit))
            {
                notes.Add($"{field}: \"{name}\" is in quotes and therefore the name of a port, which an API server refuses because a name "
                    + "must contain a letter; remove the quotes if the number is meant");
            }
            return new JsonObject { ["name"] = name };
        }
        if (node is JsonValue value && value.TryGetValue<int>(out var number))
            return new JsonObject { ["number"] = number };
        faults.Add($"{field}: Required value: the number or name of a port of the service");
        return null;
    }

    private void Each(JsonNode? list, string field, Action<JsonObject, string> convert)
    {
        if (list is not JsonArray items)
            return;
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i] is JsonObject item)
                convert(item, $"{field}[{i}]");
            else
                faults.Add($"{field}[{i}]: must be a mapping");
        }
    }

    /// <summary>Removes a member and returns it, so that it can be added elsewhere.</summary>
    private static JsonNode? Take(JsonObject from, string name)
    {
        var node = from[name];
        from.Remove(name);
        return node;
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
