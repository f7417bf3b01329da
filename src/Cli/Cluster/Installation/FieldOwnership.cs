using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Installation;

/// <summary>Reads and changes the managed fields of an object, in which the API server records who wrote which field.</summary>
internal static class FieldOwnership
{
    private const string ClientSide = "kubectl-client-side-apply";

    /// <summary>
    /// Returns managed fields in which the fields of kubectl's client-side apply belong to <paramref name="manager"/>, as from a
    /// server-side apply; null
    /// if there was no client-side apply.
    /// </summary>
    public static JsonArray? Adopt(JsonElement live, string manager, string apiVersion)
    {
        if (live.Child("metadata")?.Child("managedFields") is not { ValueKind: JsonValueKind.Array } written)
            return null;
        var entries = written.EnumerateArray().Select(entry => JsonObject.Create(entry.Clone())!).ToList();
        var clientSide = entries.Where(entry => Is(entry, ClientSide, "Update") && Text(entry, "apiVersion") == apiVersion).ToList();
        if (clientSide.Count == 0)
            return null;
        var ours = entries.FirstOrDefault(entry => Is(entry, manager, "Apply") && Text(entry, "apiVersion") == apiVersion);
        if (ours is null)
        {
            ours = (JsonObject)clientSide[0].DeepClone();
            ours["manager"] = manager;
            ours["operation"] = "Apply";
        }
        var fields = (JsonObject)(ours["fieldsV1"]?.DeepClone() ?? new JsonObject());
        foreach (var entry in clientSide)
            Unite(fields, entry["fieldsV1"] as JsonObject ?? []);
        ours["fieldsV1"] = fields;
        var others = entries.Where(entry => entry != ours && !clientSide.Contains(entry));
        return new JsonArray([ours.DeepClone(), .. others.Select(entry => entry.DeepClone())]);
    }

    /// <summary>Adds the fields of another entry. A field is a member whose value holds the fields inside it.</summary>
    private static void Unite(JsonObject fields, JsonObject others)
    {
        foreach (var (name, value) in others)
        {
            if (fields[name] is JsonObject inner && value is JsonObject more)
                Unite(inner, more);
            else
                fields[name] ??= value?.DeepClone();
        }
    }

    private static bool Is(JsonObject entry, string manager, string operation) =>
        Text(entry, "manager") == manager && Text(entry, "operation") == operation && Text(entry, "subresource").Length == 0;

    private static string Text(JsonObject entry, string name) => (string?)entry[name] ?? "";
}
