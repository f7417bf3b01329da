using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Turnpike.Yaml;

/// <summary>Writes JSON trees as block-style YAML.</summary>
/// <param name="lineBreak">The text between lines.</param>
/// <param name="step">The spaces for each level.</param>
/// <param name="sequenceStep">The spaces from a key to the dashes of its sequence; kubectl prints the dashes at the key's own
/// column.</param>
public sealed class YamlWriter(string lineBreak, int step = 2, int sequenceStep = 0)
{
    private readonly StringBuilder _text = new();

    /// <summary>Returns a whole document, which ends with a line break.</summary>
    public string Document(JsonNode? node) => Block(node, 0) + lineBreak;

    /// <summary>
    /// Returns the lines of a value that stands at column <paramref name="column"/>. The first has no indentation, the last no line break.
    /// </summary>
    /// <exception cref="ArgumentException">The tree is deeper than <see cref="YamlText.MaxDepth"/>.</exception>
    public string Block(JsonNode? node, int column)
    {
        _text.Clear();
        switch (node)
        {
            case JsonObject { Count: > 0 } members:
                Mapping(members, column, 0);
                break;
            case JsonArray { Count: > 0 } items:
                Sequence(items, column, 0);
                break;
            default:
                Leaf(node, column);
                break;
        }
        return _text.ToString();
    }

    /// <summary>Returns a mapping of one member, as <see cref="Block"/> would write it.</summary>
    public string Member(string key, JsonNode? value, int column)
    {
        _text.Clear();
        Member(key, value, column, 0);
        return _text.ToString();
    }

    /// <summary>Returns a sequence of one item, as <see cref="Block"/> would write it.</summary>
    public string Item(JsonNode? value, int column)
    {
        _text.Clear();
        Item(value, column, 0);
        return _text.ToString();
    }

    /// <summary>Returns a key as it stands before its colon.</summary>
    public static string Key(string key) => YamlScalar.IsPlainText(key) && key.Length <= 128 ? key : YamlScalar.Quote(key);

    /// <summary>Returns a string, number, boolean, null or empty collection on one line.</summary>
    public static string Inline(JsonNode? leaf) => leaf switch
    {
        null => "null",
        JsonObject => "{}",
        JsonArray => "[]",
        JsonValue value when value.GetValueKind() is JsonValueKind.String => Inline(value.GetValue<string>()),
        _ => leaf.ToJsonString(),
    };

    private static string Inline(string text) => YamlScalar.IsPlainText(text) ? text : YamlScalar.QuoteBlock(text);

    private void Mapping(JsonObject members, int column, int depth)
    {
        var first = true;
        foreach (var (key, value) in members)
        {
            if (!first)
                NewLine(column);
            first = false;
            Member(key, value, column, depth);
        }
    }

    private void Sequence(JsonArray items, int column, int depth)
    {
        var first = true;
        foreach (var item in items)
        {
            if (!first)
                NewLine(column);
            first = false;
            Item(item, column, depth);
        }
    }

    private void Member(string key, JsonNode? value, int column, int depth)
    {
        CheckDepth(depth);
        if (key.Length > 1000)
            _text.Append("? ");
        _text.Append(Key(key));
        if (key.Length > 1000)
            NewLine(column);
        _text.Append(':');
        switch (value)
        {
            case JsonObject { Count: > 0 } members:
                NewLine(column + step);
                Mapping(members, column + step, depth + 1);
                break;
            case JsonArray { Count: > 0 } items:
                var inner = column + sequenceStep;
                NewLine(inner);
                Sequence(items, inner, depth + 1);
                break;
            default:
                _text.Append(' ');
                Leaf(value, column);
                break;
        }
    }

    private void Item(JsonNode? value, int column, int depth)
    {
        CheckDepth(depth);
        _text.Append("- ");
        switch (value)
        {
            case JsonObject { Count: > 0 } members:
                Mapping(members, column + 2, depth + 1);
                break;
            case JsonArray { Count: > 0 } items:
                Sequence(items, column + 2, depth + 1);
                break;
            default:
                Leaf(value, column);
                break;
        }
    }

    private void Leaf(JsonNode? value, int column)
    {
        if (value?.GetValueKind() is JsonValueKind.String && value.GetValue<string>() is var text && IsLiteral(text))
            Literal(text, column);
        else
            _text.Append(Inline(value));
    }

    /// <summary>
    /// Returns true for several lines of printable ASCII, which read best as they are. Text with blanks at an edge is safer in quotes.
    /// </summary>
    private static bool IsLiteral(string text) =>
        text.AsSpan().TrimEnd('\n').Contains('\n')
        && text[0] is not (' ' or '\n')
        && text[^1] is not ' '
        && !text.EndsWith("\n\n", StringComparison.Ordinal)
        && !text.Contains(" \n", StringComparison.Ordinal)
        && text.All(character => character is '\n' or (>= ' ' and <= '~'));

    private void Literal(string text, int column)
    {
        _text.Append(text[^1] == '\n' ? "|" : "|-");
        foreach (var line in text.AsSpan().TrimEnd('\n').EnumerateLines())
        {
            if (line.IsEmpty)
                _text.Append(lineBreak);
            else
                NewLine(column + step);
            _text.Append(line);
        }
    }

    private void NewLine(int column) => _text.Append(lineBreak).Append(' ', column);

    private static void CheckDepth(int depth)
    {
        if (depth >= YamlText.MaxDepth)
            throw new ArgumentException($"the tree is deeper than {YamlText.MaxDepth} levels");
    }
}
