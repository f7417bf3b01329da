using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Turnpike.Samples.Httpbin;

/// <summary>
/// Writes JSON byte for byte as httpbin's Flask does: ASCII only, ", " and ": " as separators, so that lines of the indented
/// form end in a space.
/// Values are null, bool, int, string, <see cref="RawNumber"/>, lists and string-keyed dictionaries of these.
/// </summary>
internal sealed class FlaskJson
{
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly bool _pretty;
    private int _depth;

    private FlaskJson(bool pretty) => _pretty = pretty;

    /// <summary>A number as it was spelled in the document it came from.</summary>
    internal sealed record RawNumber(string Text);

    /// <summary>Writes the form of whole responses: keys sorted, indented by two, a newline at the end.</summary>
    internal static ReadOnlyMemory<byte> Indented(object? value) => new FlaskJson(pretty: true).Document(value);

    /// <summary>Writes the form of streamed responses: one line, keys in the order in which they were added.</summary>
    internal static ReadOnlyMemory<byte> Line(object? value) => new FlaskJson(pretty: false).Document(value);

    /// <summary>Reads a document into the values that this class writes. Returns false if it is not JSON.</summary>
    internal static bool TryParse(ReadOnlyMemory<byte> utf8, out object? value)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = 256 });
            value = Convert(document.RootElement);
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // An InvalidOperationException means a string that is not text, such as half of a surrogate pair.
            value = null;
            return false;
        }
    }

    private static object? Convert(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => ConvertObject(element),
        JsonValueKind.Array => element.EnumerateArray().Select(Convert).ToList(),
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Number => new RawNumber(element.GetRawText()),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    private static OrderedDictionary<string, object?> ConvertObject(JsonElement element)
    {
        var result = new OrderedDictionary<string, object?>(StringComparer.Ordinal);
        foreach (var property in element.EnumerateObject())
            result[property.Name] = Convert(property.Value);
        return result;
    }

    private ReadOnlyMemory<byte> Document(object? value)
    {
        Value(value);
        Ascii("\n");
        return _output.WrittenMemory;
    }

    private void Value(object? value)
    {
        switch (value)
        {
            case null: Ascii("null"); break;
            case bool flag: Ascii(flag ? "true" : "false"); break;
            case int number: Ascii(number.ToString(CultureInfo.InvariantCulture)); break;
            case RawNumber number: Ascii(number.Text); break;
            case string text: Text(text); break;
            case IReadOnlyDictionary<string, object?> members: Members(members); break;
            case IReadOnlyList<object?> items: Sequence('[', ']', items, Value); break;
            default: throw new ArgumentException($"{value.GetType()} has no JSON form here", nameof(value));
        }
    }

    private void Members(IReadOnlyDictionary<string, object?> members)
    {
        IReadOnlyList<KeyValuePair<string, object?>> ordered =
            _pretty ? [.. members.OrderBy(m => m.Key, StringComparer.Ordinal)] : [.. members];
        Sequence('{', '}', ordered, member =>
        {
            Text(member.Key);
            Ascii(": ");
            Value(member.Value);
        });
    }

    private void Sequence<T>(char open, char close, IReadOnlyList<T> items, Action<T> write)
    {
        Ascii([open]);
        _depth++;
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0)
                Ascii(", ");
            NewLine();
            write(items[i]);
        }

        _depth--;
        if (items.Count > 0)
            NewLine();
        Ascii([close]);
    }

    private void NewLine()
    {
        if (!_pretty)
            return;

        var span = _output.GetSpan(1 + (2 * _depth))[..(1 + (2 * _depth))];
        span.Fill((byte)' ');
        span[0] = (byte)'\n';
        _output.Advance(span.Length);
    }

    private void Text(string text)
    {
        Ascii("\"");
        for (var rest = text.AsSpan(); rest.Length > 0;)
        {
            var plain = rest.IndexOfAnyExcept(Plain);
            Ascii(plain < 0 ? rest : rest[..plain]);
            if (plain < 0)
                break;
            Escape(rest[plain]);
            rest = rest[(plain + 1)..];
        }

        Ascii("\"");
    }

    private void Escape(char c) => Ascii(c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\f' => "\\f",
        '\b' => "\\b",
        _ => $"\\u{(int)c:x4}",
    });

    private void Ascii(ReadOnlySpan<char> text)
    {
        var span = _output.GetSpan(text.Length + 1);
        _output.Advance(Encoding.ASCII.GetBytes(text, span));
    }

    private static readonly SearchValues<char> Plain =
        SearchValues.Create([.. Enumerable.Range(' ', 0x7f - ' ' + 1).Select(c => (char)c).Where(c => c is not ('"' or '\\'))]);
}
