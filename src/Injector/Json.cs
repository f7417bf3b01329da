using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Yaml;

namespace Turnpike.Injector;

/// <summary>Reading JSON that may be anything.</summary>
internal static class Json
{
    /// <summary>The text of a string; null for everything else.</summary>
    public static string? Text(JsonNode? node) => node?.GetValueKind() is JsonValueKind.String ? node.GetValue<string>() : null;

    public static JsonNode? Member(JsonNode? node, string name) =>
        node is JsonObject members && members.TryGetPropertyValue(name, out var value) ? value : null;

    public static JsonNode? At(JsonNode? node, IEnumerable<string> names) => names.Aggregate(node, Member);

    public static bool IsTrue(JsonNode? node) => node?.GetValueKind() is JsonValueKind.True;

    /// <summary>The value in one line, for messages.</summary>
    public static string Show(JsonNode? node)
    {
        var text = new FlowWriter("\n").Line(node);
        return text.Length <= 100 ? text : string.Concat(text.AsSpan(0, 100), "…");
    }

    /// <summary>A name in a message: as it is, or quoted where it holds anything that would spoil the line.</summary>
    public static string Plain(string name) =>
        name.Length is > 0 and <= 253 && !name.AsSpan().ContainsAnyExceptInRange('!', '~') ? name : Show(name);

    /// <summary>The items' <c>name</c> members, in order.</summary>
    public static IEnumerable<string> ItemNames(JsonNode? list) =>
        list is JsonArray items ? items.Select(item => Text(Member(item, "name"))).OfType<string>() : [];

    /// <summary>
    /// Whether every part can be read. A tree parsed from text finds out late that an object has one key twice or that a text holds half of
    /// a
    /// surrogate pair; then every access may throw.
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
