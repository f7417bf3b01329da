using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Turnpike.Yaml;

internal enum YamlScalarKind
{
    String,
    Null,
    Bool,
    Number,

    /// <summary>An infinity or "not a number": valid YAML that JSON cannot represent.</summary>
    Infinite,
}

/// <param name="Kind">The type of the value.</param>
/// <param name="Text">The text of a string, or the JSON literal of any other value.</param>
internal readonly record struct YamlScalarValue(YamlScalarKind Kind, string Text)
{
    public static YamlScalarValue Of(string text) => new(YamlScalarKind.String, text);
}

/// <summary>Decides what an unquoted scalar means, and writes text so that it is read back as text.</summary>
internal static partial class YamlScalar
{
    private static readonly SearchValues<char> NumberLike = SearchValues.Create("0123456789abcdefxoABCDEFXO_:.,+-TZ ");

    /// <summary>
    /// Returns the value of an unquoted scalar as kubectl reads it, with the booleans of YAML 1.1 (y, yes, on and so on), with integers
    /// that are
    /// decimal, start with 0x, 0b or 0o or have a leading zero, and with underscores between digits.
    /// </summary>
    public static YamlScalarValue Resolve(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => new(YamlScalarKind.Null, "null"),
        "true" or "True" or "TRUE" or "y" or "Y" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" => new(YamlScalarKind.Bool, "true"),
        "false" or "False" or "FALSE" or "n" or "N" or "no" or "No" or "NO" or "off" or "Off" or "OFF" => new(YamlScalarKind.Bool, "false"),
        ".nan" or ".NaN" or ".NAN" => new(YamlScalarKind.Infinite, text),
        ".inf" or ".Inf" or ".INF" or "+.inf" or "+.Inf" or "+.INF" or "-.inf" or "-.Inf" or "-.INF" => new(YamlScalarKind.Infinite, text),
        [(>= '0' and <= '9') or '+' or '-' or '.', ..] => Number(text),
        _ => YamlScalarValue.Of(text),
    };

    private static YamlScalarValue Number(string text)
    {
        var plain = text.Replace("_", "", StringComparison.Ordinal);
        if (Integer(plain) is { } integer)
            return new(YamlScalarKind.Number, integer);
        if (!Float().IsMatch(plain))
            return YamlScalarValue.Of(text);
        var value = double.Parse(plain, NumberStyles.Float, CultureInfo.InvariantCulture);
        return double.IsFinite(value) ? new(YamlScalarKind.Number, value.ToString("R", CultureInfo.InvariantCulture)) : YamlScalarValue.Of(text);
    }

    /// <summary>
    /// Returns a 64-bit integer in decimal, or null. A decimal integer of more than 64 bits is a float; in other bases it is text.
    /// </summary>
    private static string? Integer(string text)
    {
        var negative = text[0] == '-';
        var digits = text.AsSpan(text[0] is '-' or '+' ? 1 : 0);
        var (radix, prefix) = digits switch
        {
            ['0', 'x' or 'X', ..] => (16u, 2),
            ['0', 'o' or 'O', ..] => (8u, 2),
            ['0', 'b' or 'B', ..] => (2u, 2),
            ['0', _, ..] => (8u, 1),
            _ => (10u, 0),
        };
        digits = digits[prefix..];
        if (digits.IsEmpty)
            return null;
        var magnitude = UInt128.Zero;
        foreach (var character in digits)
        {
            var digit = char.IsAsciiHexDigit(character) ? (uint)Convert.ToInt32(character.ToString(), 16) : uint.MaxValue;
            if (digit >= radix)
                return null;
            magnitude = magnitude * radix + digit;
            if (magnitude > ulong.MaxValue)
                return null;
        }
        if (negative && magnitude > (UInt128)1 << 63)
            return null;
        return (negative && magnitude != UInt128.Zero ? "-" : "") + magnitude.ToString(CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Float();

    /// <summary>
    /// Returns true when <paramref name="text"/> is read back as itself without quotes, by this reader and by stricter or older ones. Text
    /// that
    /// any of them could read as a number, a date or a boolean needs quotes.
    /// </summary>
    public static bool IsPlainText(string text)
    {
        var startsPlain = text is [(>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9') or '/' or '_' or '$' or '(', ..]
            or ['-', '-', >= 'a' and <= 'z', ..];
        if (!startsPlain || text[^1] is ' ' or ':')
            return false;
        if (Resolve(text).Kind is not YamlScalarKind.String || (char.IsAsciiDigit(text[0]) && !text.AsSpan().ContainsAnyExcept(NumberLike)))
            return false;
        for (var i = 0; i < text.Length; i++)
        {
            var character = text[i];
            var next = i + 1 < text.Length ? text[i + 1] : '\0';
            if (character is < ' ' or > '~' || (character == ':' && next == ' ') || (character == ' ' && next == '#'))
                return false;
        }
        return true;
    }

    /// <summary>Returns text in quotes for block style, in single quotes where that avoids escapes.</summary>
    public static string QuoteBlock(string text) =>
        text.AsSpan().ContainsAny('"', '\\') && !text.Contains('\'', StringComparison.Ordinal)
            && !text.AsSpan().ContainsAnyExceptInRange(' ', '~')
            ? $"'{text}'"
            : Quote(text);

    /// <summary>
    /// Returns text in double quotes that is valid in JSON and in YAML. Printable characters stay; those that a reader could misread are
    /// escaped.
    /// </summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (var character in text)
        {
            _ = character switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append("\\\\"),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                < ' ' or (>= '\u007F' and <= '\u00A0') or '\u2028' or '\u2029' or '\uFEFF' or >= '\uFFFE' =>
                    quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
                _ => quoted.Append(character),
            };
        }
        return quoted.Append('"').ToString();
    }
}
