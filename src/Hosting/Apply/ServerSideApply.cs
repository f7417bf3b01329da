using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Apply;

/// <summary>
/// Says how the fields that we own shall be, under one field manager. What others own stays; what we said before and say no longer goes.
/// Repeating ourselves changes nothing and makes no event.
/// </summary>
public sealed class ServerSideApply(KubeApi api, string fieldManager)
{
    public string FieldManager => fieldManager;

    /// <summary>Applies the object, taking over fields that others set, and returns it as it now is.</summary>
    /// <param name="resource">The object's kind.</param>
    /// <param name="key">The object's name.</param>
    /// <param name="desired">Its fields; apiVersion, kind, name and namespace are filled in.</param>
    /// <param name="ct">Gives up.</param>
    public Task<JsonElement> ApplyAsync(ResourceRef resource, NamespacedName key, JsonObject desired, CancellationToken ct) =>
        SendAsync(resource, key, desired, null, ct);

    /// <summary>Applies <paramref name="status"/> to the status of an object that exists.</summary>
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
