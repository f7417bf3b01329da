using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Turnpike.Reading;

/// <summary>JSON values as text for messages, and access to them that does not throw, whatever the user wrote.</summary>
internal static class JsonText
{
    /// <summary>How deep values are followed; more than any reader of text lets through.</summary>
    public const int MaxDepth = 256;

    private const int Longest = 100;

    private static readonly JsonSerializerOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = MaxDepth,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>The value as it is quoted in an error: on one line, cut where it is long.</summary>
    public static string Quote(JsonNode? node) => TryFull(node, out var text) ? Cut(text) : "\"…\"";

    public static string Quote(string text) => Cut(JsonSerializer.Serialize(text, Options));

    /// <summary>The value as JSON text in full, unless a text in it is not valid Unicode or it is too deep.</summary>
    public static bool TryFull(JsonNode? node, [NotNullWhen(true)] out string? text)
    {
        try
        {
            text = node is null ? "null" : node.ToJsonString(Options);
            return true;
        }
        catch (InvalidOperationException)
        {
            text = null;
            return false;
        }
    }

    /// <summary>What was found, for "must be a list, not …".</summary>
    public static string KindOf(JsonNode? node) => node?.GetValueKind() switch
    {
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        _ => "null",
    };

    public static bool TryString(JsonNode? node, [NotNullWhen(true)] out string? text)
    {
        text = null;
        if (node is null || node.GetValueKind() != JsonValueKind.String)
            return false;
        try
        {
            text = node.GetValue<string>();
            return true;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair. Strings made from CLR chars and the like are not of type string either.
            return false;
        }
    }

    /// <summary>The fields in their order, or what keeps them from being read: one field twice, or text that is not Unicode.</summary>
    public static bool TryFields(
        JsonObject json, out IReadOnlyList<KeyValuePair<string, JsonNode?>> fields, [NotNullWhen(false)] out string? fault)
    {
        try
        {
            fields = [.. json];
            fault = null;
            return true;
        }
        catch (ArgumentException)
        {
            fault = TwiceGiven(json) is { } name ? $"holds the field {Quote(name)} twice" : "holds one field twice";
        }
        catch (InvalidOperationException)
        {
            fault = "holds a field name that is not valid Unicode";
        }
        fields = [];
        return false;
    }

    private static string? TwiceGiven(JsonObject json)
    {
        try
        {
            if (!TryFull(json, out var text))
                return null;
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = MaxDepth });
            var seen = new HashSet<string>(StringComparer.Ordinal);
            return document.RootElement.EnumerateObject().Select(p => p.Name).FirstOrDefault(name => !seen.Add(name));
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The encoder leaves the two separators of Unicode as they are, which end a line.</summary>
    private static string Cut(string text) => (text.Length <= Longest ? text : string.Concat(text.AsSpan(0, Longest), "…"))
        .Replace("\u2028", "\\u2028", StringComparison.Ordinal).Replace("\u2029", "\\u2029", StringComparison.Ordinal);
}
