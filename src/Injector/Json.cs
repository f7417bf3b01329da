using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Yaml;

namespace Turnpike.Injector;

/// <summary>Reads JSON of any form without exceptions.</summary>
internal static class Json
{
    /// <summary>Returns the text of a string, or null for any other value.</summary>
    public static string? Text(JsonNode? node) => node?.GetValueKind() is JsonValueKind.String ? node.GetValue<string>() : null;

    public static JsonNode? Member(JsonNode? node, string name) =>
        node is JsonObject members && members.TryGetPropertyValue(name, out var value) ? value : null;

    public static JsonNode? At(JsonNode? node, IEnumerable<string> names) => names.Aggregate(node, Member);

    public static bool IsTrue(JsonNode? node) => node?.GetValueKind() is JsonValueKind.True;

    /// <summary>Returns the value on one line, for messages.</summary>
    public static string Show(JsonNode? node)
    {
        var text = new FlowWriter("\n").Line(node);
        return text.Length <= 100 ? text : string.Concat(text.AsSpan(0, 100), "…");
    }

    /// <summary>
    /// Returns a name as messages show it: unchanged, or quoted if it holds blanks, control characters or letters outside ASCII.
    /// </summary>
    public static string Plain(string name) =>
        name.Length is > 0 and <= 253 && !name.AsSpan().ContainsAnyExceptInRange('!', '~') ? name : Show(name);

    /// <summary>Returns the <c>name</c> of each item, in order.</summary>
    public static IEnumerable<string> ItemNames(JsonNode? list) =>
        list is JsonArray items ? items.Select(item => Text(Member(item, "name"))).OfType<string>() : [];

    /// <summary>
    /// Returns true when every part can be read. A parsed tree detects only on access that an object has a duplicate key or that a string
    /// holds half
    /// of a surrogate pair, and then every access may throw.
    /// </summary>
    public static bool IsReadable(JsonNode? node, int depth = 0)
    {
        if (depth > YamlText.MaxDepth)
            return false;
        try
        {
            return node switch
            {
                JsonObject members => members.All(member => IsReadable(member.Value, depth + 1)),
                JsonArray items => items.All(item => IsReadable(item, depth + 1)),
                null => true,
                _ when node.GetValueKind() is JsonValueKind.String => node.GetValue<string>() is not null,
                _ => true,
            };
        }
        catch (Exception fault) when (fault is InvalidOperationException or ArgumentException)
        {
            return false;
        }
    }
}
