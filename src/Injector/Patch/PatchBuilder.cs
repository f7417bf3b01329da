using System.Globalization;
using System.Text.Json.Nodes;

namespace Turnpike.Injector.Patch;

/// <summary>
/// Collects additions to one object. A collection that is absent, null or empty is added as a whole, with the objects around it.
/// </summary>
internal sealed class PatchBuilder(JsonObject root)
{
    private readonly List<PatchOperation> _operations = [];

    public IReadOnlyList<PatchOperation> Operations => _operations;

    public void AddMembers(string path, IReadOnlyList<KeyValuePair<string, string>> members)
    {
        if (members.Count == 0)
            return;
        if (Find(path) is JsonObject { Count: > 0 })
            _operations.AddRange(members.Select(member => new PatchOperation(JsonPointer.Child(path, member.Key), member.Value)));
        else
            AddWhole(path, new JsonObject(members.Select(member => KeyValuePair.Create(member.Key, (JsonNode?)member.Value))));
    }

    public void AddItems(string path, IReadOnlyList<JsonObject> items, bool first = false)
    {
        if (items.Count == 0)
            return;
        if (Find(path) is JsonArray { Count: > 0 })
        {
            _operations.AddRange(items.Select((item, index) =>
                new PatchOperation(JsonPointer.Child(path, first ? index.ToString(CultureInfo.InvariantCulture) : "-"), item)));
        }
        else
        {
            AddWhole(path, new JsonArray([.. items]));
        }
    }

    private JsonNode? Find(string path) => Json.At(root, JsonPointer.Tokens(path));

    /// <summary>Adds the value at the outermost place that is still empty.</summary>
    private void AddWhole(string path, JsonNode value)
    {
        var tokens = JsonPointer.Tokens(path);
        var depth = tokens.Count;
        while (depth > 1 && Json.At(root, tokens.Take(depth - 1)) is null or JsonObject { Count: 0 })
            value = new JsonObject { [tokens[--depth]] = value };
        _operations.Add(new PatchOperation(tokens.Take(depth).Aggregate("", JsonPointer.Child), value));
    }
}
