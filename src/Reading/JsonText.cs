using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Turnpike.Reading;

/// <summary>Shows JSON values in messages, and reads them without exceptions, whatever the user wrote.</summary>
internal static class JsonText
{
    /// <summary>The depth to which values are followed. Every reader of text has a lower limit.</summary>
    public const int MaxDepth = 256;

    private const int Longest = 100;

    private static readonly JsonSerializerOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = MaxDepth,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>Returns the value as an error shows it: on one line, and cut if it is long.</summary>
    public static string Quote(JsonNode? node) => TryFull(node, out var text) ? Cut(text) : "\"…\"";

    public static string Quote(string text) => Cut(JsonSerializer.Serialize(text, Options));

    /// <summary>Returns the value as complete JSON text. Fails if a string in it is not valid Unicode or if it is too deep.</summary>
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

    /// <summary>Returns the type of the value for messages such as "must be a list, not a string".</summary>
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
            // The string holds half of a surrogate pair, or the node was made from a CLR char or the like, which is not a string either.
            return false;
        }
    }

    /// <summary>
    /// Returns the fields in their order. Fails, with the reason, if a field occurs twice or a name is not valid Unicode.
    /// </summary>
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

    /// <summary>Cuts the text and escapes U+2028 and U+2029, which end a line and which the encoder leaves as they are.</summary>
    private static string Cut(string text) => (text.Length <= Longest ? text : string.Concat(text.AsSpan(0, Longest), "…"))
        .Replace("\u2028", "\\u2028", StringComparison.Ordinal).Replace("\u2029", "\\u2029", StringComparison.Ordinal);
}
