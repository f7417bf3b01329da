using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Turnpike.Yaml;

/// <summary>Writes JSON trees as JSON text that is also valid YAML in flow style.</summary>
/// <param name="lineBreak">The text between the lines of <see cref="Lines"/>.</param>
/// <param name="unit">The indentation of one level.</param>
/// <param name="spaced">Whether <see cref="Line"/> puts a space after colons and commas.</param>
public sealed class FlowWriter(string lineBreak, string unit = "  ", bool spaced = true)
{
    /// <summary>Returns the value on one line.</summary>
    public string Line(JsonNode? node)
    {
        var text = new StringBuilder();
        Write(text, node, null, 0);
        return text.ToString();
    }

    /// <summary>
    /// Returns the value with a line for each member and item. The lines after the first begin with <paramref name="indent"/>.
    /// </summary>
    public string Lines(JsonNode? node, string indent)
    {
        var text = new StringBuilder();
        Write(text, node, indent, 0);
        return text.ToString();
    }

    private void Write(StringBuilder text, JsonNode? node, string? indent, int depth)
    {
        if (depth > YamlText.MaxDepth)
            throw new ArgumentException($"the tree is deeper than {YamlText.MaxDepth} levels");
        var inner = indent is null ? null : indent + unit;
        switch (node)
        {
            case JsonObject { Count: > 0 } members:
                Open(text, '{', inner);
                var isFirst = true;
                foreach (var (key, value) in members)
                {
                    Separate(text, ref isFirst, inner);
                    text.Append(YamlScalar.Quote(key)).Append(spaced || inner is not null ? ": " : ":");
                    Write(text, value, inner, depth + 1);
                }
                Close(text, '}', indent);
                break;
            case JsonArray { Count: > 0 } items:
                Open(text, '[', inner);
                var first = true;
                foreach (var item in items)
                {
                    Separate(text, ref first, inner);
                    Write(text, item, inner, depth + 1);
                }
                Close(text, ']', indent);
                break;
            default:
                text.Append(Leaf(node));
                break;
        }
    }

    private static string Leaf(JsonNode? node) => node switch
    {
        null => "null",
        JsonObject => "{}",
        JsonArray => "[]",
        JsonValue value when value.GetValueKind() is JsonValueKind.String => YamlScalar.Quote(value.GetValue<string>()),
        _ => node.ToJsonString(),
    };

    private void Open(StringBuilder text, char bracket, string? inner)
    {
        text.Append(bracket);
        if (inner is not null)
            text.Append(lineBreak).Append(inner);
    }

    private void Separate(StringBuilder text, ref bool isFirst, string? inner)
    {
        if (!isFirst)
        {
            text.Append(',');
            if (inner is not null)
                text.Append(lineBreak).Append(inner);
            else if (spaced)
                text.Append(' ');
        }
        isFirst = false;
    }

    private void Close(StringBuilder text, char bracket, string? indent)
    {
        if (indent is not null)
            text.Append(lineBreak).Append(indent);
        text.Append(bracket);
    }
}
