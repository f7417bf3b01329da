using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Apply;

/// <summary>Writes statuses, and only those that differ from what is there.</summary>
public sealed class StatusWriter(KubeApi api, ServerSideApply apply)
{
    /// <summary>
    /// Brings the status in line; returns whether a write was needed. Each top-level field of <paramref name="desired"/> is compared
    /// whole; those that it does not name belong to others. So name every field of ours each time, empty where there is nothing to say.
    /// </summary>
    /// <param name="resource">The object's kind.</param>
    /// <param name="key">The object's name.</param>
    /// <param name="desired">The fields of <c>status</c> that are ours.</param>
    /// <param name="observed">The <c>status</c> last seen, to spare a read; null: look.</param>
    /// <param name="ct">Gives up.</param>
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
            // Gone meanwhile: nobody is left to read it.
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
