using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Apply;

/// <summary>
/// Applies objects under one field manager. Fields of other managers stay, and fields that this manager applied before and leaves out now
/// are removed. Applying an unchanged object changes nothing and causes no watch event.
/// </summary>
public sealed class ServerSideApply(KubeApi api, string fieldManager)
{
    public string FieldManager => fieldManager;

    /// <summary>Applies the object, takes over fields that other managers set, and returns the object after that.</summary>
    /// <param name="resource">The object's kind.</param>
    /// <param name="key">The object's name.</param>
    /// <param name="desired">The object's fields, to which apiVersion, kind, name and namespace are added.</param>
    /// <param name="ct">Cancels the request.</param>
    public Task<JsonElement> ApplyAsync(ResourceRef resource, NamespacedName key, JsonObject desired, CancellationToken ct) =>
        SendAsync(resource, key, desired, null, ct);

    /// <summary>Applies <paramref name="status"/> to the status of an existing object.</summary>
    public Task<JsonElement> ApplyStatusAsync(ResourceRef resource, NamespacedName key, JsonObject status, CancellationToken ct) =>
        SendAsync(resource, key, new() { ["status"] = status.DeepClone() }, "status", ct);

    private Task<JsonElement> SendAsync(
        ResourceRef resource, NamespacedName key, JsonObject desired, string? subresource, CancellationToken ct)
    {
        var body = (JsonObject)desired.DeepClone();
        body["apiVersion"] = resource.ApiVersion;
        body["kind"] = resource.Kind;
        if (body["metadata"] is not JsonObject metadata)
            body["metadata"] = metadata = [];
        metadata["name"] = key.Name;
        if (key.Namespace.Length > 0)
            metadata["namespace"] = key.Namespace;

        var options = new WriteOptions { FieldManager = fieldManager, Force = true, Subresource = subresource };
        return api.PatchAsync(resource, key, PatchKind.Apply, body, options, ct);
    }
}
