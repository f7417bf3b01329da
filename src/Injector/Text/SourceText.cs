using System.Buffers;
using System.Text;
using Turnpike.Yaml;

namespace Turnpike.Injector.Text;

/// <summary>Finds places in a source text.</summary>
internal static class SourceText
{
    private static readonly SearchValues<char> LineBreaks = SearchValues.Create("\r\n");

    /// <summary>Returns the start of the line around <paramref name="offset"/>.</summary>
    public static int LineStart(string text, int offset) => text.AsSpan(0, offset).LastIndexOfAny(LineBreaks) + 1;

    /// <summary>Returns the end of the line around <paramref name="offset"/>, before its line break.</summary>
    public static int LineEnd(string text, int offset)
    {
        var length = text.AsSpan(offset).IndexOfAny(LineBreaks);
        return length < 0 ? text.Length : offset + length;
    }

    /// <summary>Returns the spaces and tabs at the start of the line around <paramref name="offset"/>.</summary>
    public static string Indentation(string text, int offset)
    {
        var line = text.AsSpan(LineStart(text, offset));
        var length = line.IndexOfAnyExcept(' ', '\t', '\uFEFF');
        return (length < 0 ? line : line[..length]).TrimStart('\uFEFF').ToString();
    }

    /// <summary>Returns the column of a block collection's entries. An anchor or tag stands before the first of them.</summary>
    public static int ColumnOf(YamlNode node) =>
        node is YamlMapping { IsFlow: false, Members: [var first, ..] } ? first.Key.Column : node.Column;

    /// <summary>Returns the offset of the colon that follows a key, or -1.</summary>
    public static int ColonAfter(string text, int keyEnd)
    {
        var gap = text.AsSpan(keyEnd).IndexOfAnyExcept(' ', '\t');
        return gap >= 0 && text[keyEnd + gap] == ':' ? keyEnd + gap : -1;
    }

    /// <summary>Returns the first key or item of a container, or null.</summary>
    public static YamlNode? FirstChild(YamlNode container) => container switch
    {
        YamlMapping { Members: [var member, ..] } => member.Key,
        YamlSequence { Items: [var item, ..] } => item,
        _ => null,
    };

    /// <summary>Returns true when the entries of a flow collection are on lines of their own.</summary>
    public static bool IsSpread(YamlNode flow) => FirstChild(flow) is { } child && child.Line > flow.Line;

    /// <summary>Returns the indentation that a flow collection on several lines adds to that of the line that opens it, or null.</summary>
    public static string? FlowUnit(string text, YamlNode flow)
    {
        if (!IsSpread(flow))
            return null;
        var outer = Indentation(text, flow.Start);
        var inner = Indentation(text, FirstChild(flow)!.Start);
        return inner.Length > outer.Length && inner.StartsWith(outer, StringComparison.Ordinal) ? inner[outer.Length..] : null;
    }
}

/// <summary>
/// One change of a text: <paramref name="Length"/> characters from <paramref name="Start"/> on are replaced by <paramref name="Insert"/>.
/// </summary>
public readonly record struct Splice(int Start, int Length, string Insert)
{
    /// <summary>Applies changes, whose offsets refer to the given text. Returns null if they overlap.</summary>
    public static string? Apply(string text, IEnumerable<Splice> splices)
    {
        var result = new StringBuilder(text.Length);
        var position = 0;
        foreach (var splice in splices.OrderBy(splice => splice.Start))
        {
            if (splice.Start < position)
                return null;
            result.Append(text, position, splice.Start - position).Append(splice.Insert);
            position = splice.Start + splice.Length;
        }
        return result.Append(text, position, text.Length - position).ToString();
    }
}
