using System.Text.Json;

namespace Turnpike.Hosting.Client;

/// <summary>Tolerant reading of the API server's JSON: a member that is absent or of another type is null.</summary>
public static class JsonReading
{
    /// <summary>Returns the member of that name, or null when this is not an object, or the member is absent or a JSON null.</summary>
    public static JsonElement? Child(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var child) && child.ValueKind != JsonValueKind.Null
            ? child
            : null;

    public static string? Text(this JsonElement element, string name) =>
        element.Child(name) is { ValueKind: JsonValueKind.String } child ? child.GetString() : null;

    /// <summary>Returns the namespace and name in an object's metadata.</summary>
    public static NamespacedName Key(this JsonElement element) =>
        element.Child("metadata") is { } metadata && metadata.Text("name") is { } name
            ? new(metadata.Text("namespace") ?? "", name)
            : throw new JsonException("the object has no metadata.name");

    public static string ResourceVersion(this JsonElement element) => element.Child("metadata")?.Text("resourceVersion") ?? "";

    public static string Uid(this JsonElement element) => element.Child("metadata")?.Text("uid") ?? "";
}
