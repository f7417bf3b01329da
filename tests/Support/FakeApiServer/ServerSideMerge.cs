using System.Text.Json.Nodes;

namespace Turnpike.Tests.Support.FakeApiServer;

/// <summary>Enough of server-side apply and merge patch for tests: maps, lists keyed by name or type, everything else atomic.</summary>
internal static class ServerSideMerge
{
    private static readonly Dictionary<string, string> ListKeys = new()
    {
        ["webhooks"] = "name",
        ["containers"] = "name",
        ["conditions"] = "type",
    };

    /// <summary>
    /// Makes of <paramref name="current"/> what it becomes when a manager applies <paramref name="applied"/> after
    /// <paramref name="previous"/>. A field that it drops stays where one of the <paramref name="others"/> has applied it too.
    /// </summary>
    public static void Apply(JsonObject current, JsonObject applied, JsonObject? previous, IReadOnlyList<JsonObject> others)
    {
        foreach (var (name, value) in previous ?? [])
        {
            if (applied.ContainsKey(name))
                continue;
            if (value is not JsonObject dropped)
            {
                if (!others.Any(other => other.ContainsKey(name)))
                    current.Remove(name);
            }
            else if (current[name] is JsonObject inner)
            {
                Apply(inner, [], dropped, Within(name));
                if (inner.Count == 0)
                    current.Remove(name);
            }
        }

        foreach (var (name, value) in applied)
        {
            switch (value)
            {
                case JsonObject map:
                    if (current[name] is not JsonObject target)
                        current[name] = target = [];
                    Apply(target, map, previous?[name] as JsonObject, Within(name));
                    break;
                case JsonArray list when ListKeys.TryGetValue(name, out var key):
                    if (current[name] is not JsonArray items)
                        current[name] = items = [];
                    ApplyList(items, list, previous?[name] as JsonArray, key);
                    break;
                default:
                    current[name] = value?.DeepClone();
                    break;
            }
        }

        IReadOnlyList<JsonObject> Within(string name) => [.. others.Select(other => other[name]).OfType<JsonObject>()];
    }

    public static void Merge(JsonObject current, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            if (value is null)
                current.Remove(name);
            else if (value is JsonObject map && current[name] is JsonObject target)
                Merge(target, map);
            else
                current[name] = value.DeepClone();
        }
    }

    private static void ApplyList(JsonArray current, JsonArray applied, JsonArray? previous, string key)
    {
        foreach (var item in applied.OfType<JsonObject>())
        {
            var same = Find(current, item);
            if (same is null)
                current.Add(same = []);
            Apply(same, item, previous is null ? null : Find(previous, item), []);
        }

        JsonObject? Find(JsonArray list, JsonObject like) =>
            list.OfType<JsonObject>().FirstOrDefault(item => JsonNode.DeepEquals(item[key], like[key]));
    }
}
