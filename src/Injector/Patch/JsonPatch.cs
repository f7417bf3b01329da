using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Turnpike.Injector.Patch;

/// <summary>Writes and applies patches.</summary>
public static class JsonPatch
{
    /// <summary>Writes the patch in the form of RFC 6902: an array of operations.</summary>
    public static void Write(Utf8JsonWriter writer, IEnumerable<PatchOperation> operations)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(operations);
        writer.WriteStartArray();
        foreach (var operation in operations)
        {
            writer.WriteStartObject();
            writer.WriteString("op", PatchOperation.Op);
            writer.WriteString("path", operation.Path);
            writer.WritePropertyName("value");
            if (operation.Value is null)
                writer.WriteNullValue();
            else
                operation.Value.WriteTo(writer);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    /// <summary>Returns the document with all operations applied in order. The given document is not changed.</summary>
    /// <exception cref="FormatException">A pointer does not lead to a value; the message names it.</exception>
    public static JsonNode? Apply(JsonNode? document, IEnumerable<PatchOperation> operations)
    {
        ArgumentNullException.ThrowIfNull(operations);
        var root = document?.DeepClone();
        foreach (var operation in operations)
        {
            var value = operation.Value?.DeepClone();
            var tokens = JsonPointer.Tokens(operation.Path);
            if (tokens.Count == 0)
            {
                root = value;
                continue;
            }
            var parent = tokens.Take(tokens.Count - 1).Aggregate(root, (node, token) => Step(node, token, operation));
            Add(parent, tokens[^1], value, operation);
        }
        return root;
    }

    private static JsonNode? Step(JsonNode? node, string token, PatchOperation operation) => node switch
    {
        JsonObject members when members.TryGetPropertyValue(token, out var member) => member,
        JsonArray items => items[Index(token, items.Count - 1, operation)],
        _ => throw Nowhere(operation),
    };

    private static void Add(JsonNode? parent, string token, JsonNode? value, PatchOperation operation)
    {
        switch (parent)
        {
            case JsonObject members:
                members[token] = value;
                break;
            case JsonArray items:
                items.Insert(token == "-" ? items.Count : Index(token, items.Count, operation), value);
                break;
            default:
                throw Nowhere(operation);
        }
    }

    private static int Index(string token, int last, PatchOperation operation)
    {
        var isNumber = int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var index);
        return isNumber && index <= last && (token.Length == 1 || token[0] != '0') ? index : throw Nowhere(operation);
    }

    private static FormatException Nowhere(PatchOperation operation) =>
        new($"the path \"{operation.Path}\" does not exist in the document");
}
