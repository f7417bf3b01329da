using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Apply;

/// <summary>Writes statuses that differ from the current ones.</summary>
public sealed class StatusWriter(KubeApi api, ServerSideApply apply)
{
    /// <summary>
    /// Writes the status if it differs, and returns whether it did. Each top-level field of <paramref name="desired"/> is compared as a
    /// whole. Fields that it leaves out belong to other writers, so it must name each field of this one every time, even when it is empty.
    /// </summary>
    /// <param name="resource">The object's kind.</param>
    /// <param name="key">The object's name.</param>
    /// <param name="desired">The fields of <c>status</c> that this writer owns.</param>
    /// <param name="observed">The <c>status</c> that was last seen, which saves a read; null to read it.</param>
    /// <param name="ct">Cancels the requests.</param>
    public async Task<bool> WriteAsync(
        ResourceRef resource, NamespacedName key, JsonObject desired, JsonElement? observed, CancellationToken ct)
    {
        try
        {
            var current = observed ?? (await api.GetAsync(resource, key, ct)).Child("status");
            if (current is { } status && Holds(status, desired))
                return false;
            await apply.ApplyStatusAsync(resource, key, desired, ct);
            return true;
        }
        catch (KubeStatusException e) when (e.IsNotFound)
        {
            // The object has been deleted in the meantime.
            return false;
        }
    }

    private static bool Holds(JsonElement status, JsonObject desired) =>
        desired.All(field => status.Child(field.Key) is { } found
            ? JsonNode.DeepEquals(field.Value, NodeOf(found))
            : field.Value is null);

    private static JsonNode? NodeOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => JsonObject.Create(element),
        JsonValueKind.Array => JsonArray.Create(element),
        _ => JsonValue.Create(element),
    };
}
