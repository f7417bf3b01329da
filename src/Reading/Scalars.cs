using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Turnpike.Reading;

/// <summary>Strict conversions of one JSON value (istio-2017.md §1.3). On failure each returns what would be right.</summary>
internal static class Scalars
{
    public static bool TryString(JsonNode? node, [NotNullWhen(true)] out string? value, [NotNullWhen(false)] out string? fault)
    {
        if (JsonText.TryString(node, out value))
        {
            fault = null;
            return true;
        }
        fault = node?.GetValueKind() switch
        {
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => "must be a string; quote the value",
            JsonValueKind.String => "must be valid Unicode",
            _ => $"must be a string, not {JsonText.KindOf(node)}",
        };
        return false;
    }

    public static bool TryBoolean(JsonNode? node, out bool value, [NotNullWhen(false)] out string? fault)
    {
        var kind = node?.GetValueKind();
        value = kind == JsonValueKind.True;
        fault = kind is JsonValueKind.True or JsonValueKind.False ? null : Unlike("true or false", node, IsBooleanText);
        return fault is null;
    }

    public static bool TryInt32(JsonNode? node, out int value, [NotNullWhen(false)] out string? fault)
    {
        var right = TryInteger(node, int.MinValue, int.MaxValue, out var wide, out fault);
        value = (int)wide;
        return right;
    }

    /// <summary>Reads a 64-bit integer, which proto JSON allows in quotes.</summary>
    public static bool TryInt64(JsonNode? node, out long value, [NotNullWhen(false)] out string? fault)
    {
        if (JsonText.TryString(node, out var text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value))
        {
            fault = null;
            return true;
        }
        return TryInteger(node, long.MinValue, long.MaxValue, out value, out fault);
    }

    public static bool TryDouble(JsonNode? node, out double value, [NotNullWhen(false)] out string? fault)
    {
        value = 0;
        if (node?.GetValueKind() != JsonValueKind.Number)
            fault = Unlike("a number", node, IsNumberText);
        else if (double.TryParse(JsonText.Quote(node), NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value))
            fault = null;
        else
            fault = "must be a finite number";
        return fault is null;
    }

    public static bool TryDuration(JsonNode? node, out GoDuration value, [NotNullWhen(false)] out string? fault)
    {
        value = default;
        if (JsonText.TryString(node, out var text))
            return GoDuration.TryParse(text, out value, out fault);
        if (node?.GetValueKind() != JsonValueKind.Number)
            fault = $"must be a duration such as 3s, 500ms or 1m30s, not {JsonText.KindOf(node)}";
        else if (GoDuration.TryParse(JsonText.Quote(node), out _, out fault))
            fault = "has no unit; write 0s";
        return false;
    }

    public static bool TryInteger(JsonNode? node, long least, long most, out long value, [NotNullWhen(false)] out string? fault)
    {
        value = 0;
        if (node?.GetValueKind() != JsonValueKind.Number)
        {
            fault = Unlike("an integer", node, IsNumberText);
        }
        else if (!decimal.TryParse(JsonText.Quote(node), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            || number < least || number > most)
        {
            fault = string.Create(CultureInfo.InvariantCulture, $"must be an integer between {least} and {most}");
        }
        else if (decimal.Truncate(number) != number)
        {
            fault = "must be an integer, without a fraction";
        }
        else
        {
            value = (long)number;
            fault = null;
        }
        return fault is null;
    }

    private static string Unlike(string wanted, JsonNode? node, Func<string, bool> wouldDoUnquoted) =>
        JsonText.TryString(node, out var text) && wouldDoUnquoted(text)
            ? $"must be {wanted}, not a string; remove the quotes"
            : $"must be {wanted}, not {JsonText.KindOf(node)}";

    private static bool IsBooleanText(string text) => text is "true" or "false";

    private static bool IsNumberText(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number);
}
