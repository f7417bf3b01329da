using System.Globalization;
using System.Text.Json.Nodes;
using Turnpike.Injector.Patch;
using Turnpike.Yaml;

namespace Turnpike.Injector.Text;

/// <summary>
/// Places <c>add</c> operations in source text. Each method returns the changes to make, or null if the text has no good place for them.
/// </summary>
internal sealed class Addition
{
    private readonly string _text;
    private readonly YamlNode _root;
    private readonly TextStyle _style;
    private readonly YamlWriter _block;
    private readonly FlowWriter _flow;

    private Addition(string text, YamlNode root)
    {
        _text = text;
        _root = root;
        _style = TextStyle.Of(text, root);
        _block = new YamlWriter(_style.LineBreak, _style.Step, _style.SequenceStep);
        _flow = new FlowWriter(_style.LineBreak, _style.FlowUnit, _style.FlowSpaced);
    }

    /// <summary>Returns the text with all operations applied, or null. The operations must not depend on each other.</summary>
    public static string? Apply(string text, IEnumerable<PatchOperation> operations)
    {
        if (!YamlTree.TryParse(text, out var root))
            return null;
        var addition = new Addition(text, root);
        var splices = new List<Splice>();
        // Several collections may end at the same place. There the change of the innermost comes first.
        foreach (var operation in operations.OrderByDescending(operation => operation.Path.Count(character => character == '/')))
        {
            if (addition.Place(operation) is not { } found)
                return null;
            splices.AddRange(found);
        }
        return Splice.Apply(text, splices);
    }

    private Splice[]? Place(PatchOperation operation)
    {
        var tokens = JsonPointer.Tokens(operation.Path);
        if (tokens.Count == 0)
            return null;
        YamlNode? around = null;
        YamlNode? target = _root;
        foreach (var token in tokens.Take(tokens.Count - 1))
            (around, target) = (target, Step(target, token));
        return To(target, around, tokens[^1], operation.Value);
    }

    private static YamlNode? Step(YamlNode? node, string token) => node switch
    {
        YamlMapping mapping => mapping.Find(token)?.Value,
        YamlSequence sequence when Index(token) is { } index && index < sequence.Items.Count => sequence.Items[index],
        _ => null,
    };

    private static int? Index(string token) =>
        int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : null;

    private Splice[]? To(YamlNode? target, YamlNode? around, string token, JsonNode? value)
    {
        switch (target)
        {
            case YamlMapping mapping when mapping.Find(token) is { } member:
                return mapping.IsFlow ? ReplaceFlow(mapping, member, value) : ReplaceBlock(mapping, member, value);
            case YamlMapping { IsFlow: true } mapping:
                return Append(mapping, around, mapping.Members is [.., var last] ? LastEnd(last) : null, token, value);
            case YamlMapping mapping:
                return AppendMember(mapping, token, value);
            case YamlSequence sequence:
                var index = token == "-" ? sequence.Items.Count : Index(token);
                if (index is null || index > sequence.Items.Count)
                    return null;
                if (index < sequence.Items.Count)
                    return sequence.IsFlow ? InsertFlow(sequence, index.Value, value) : InsertItem(sequence, index.Value, value);
                return sequence.IsFlow
                    ? Append(sequence, around, sequence.Items is [.., var end] ? end.End : null, null, value)
                    : AppendItem(sequence, value);
            default:
                return null;
        }
    }

    /// <summary>Adds a line after the last one that belongs to the collection.</summary>
    private Splice[]? AppendMember(YamlMapping mapping, string key, JsonNode? value)
    {
        var column = SourceText.ColumnOf(mapping);
        return FirstKeyStandsFree(mapping) ? [NewLine(mapping.End, column, _block.Member(key, value, column))] : null;
    }

    private Splice[]? AppendItem(YamlSequence sequence, JsonNode? value) =>
        _text[sequence.Start] == '-' ? [NewLine(sequence.End, sequence.Column, _block.Item(value, sequence.Column))] : null;

    private Splice NewLine(int after, int column, string lines)
    {
        var end = BelowComments(SourceText.LineEnd(_text, after), column);
        // The last line of a block scalar needs its line break, even if the text had none.
        return new(end, 0, _style.LineBreak + new string(' ', column) + lines + (end == _text.Length ? _style.LineBreak : ""));
    }

    /// <summary>
    /// Inserts at the dash of the item that moves, or at the comment above it. What stands before the dash on its line then precedes the
    /// new item.
    /// </summary>
    private Splice[]? InsertItem(YamlSequence sequence, int index, JsonNode? value)
    {
        var dash = index == 0 ? sequence.Start : _text.LastIndexOf('-', sequence.Items[index].Start - 1);
        if (dash < 0 || _text[dash] != '-' || dash - SourceText.LineStart(_text, dash) != sequence.Column)
            return null;
        if (index > 0 && dash < sequence.Items[index - 1].End)
            return null;
        var place = AboveComments(dash, sequence.Column);
        return [new(place, 0, _block.Item(value, sequence.Column) + _style.LineBreak + new string(' ', sequence.Column))];
    }

    /// <summary>Returns the end of the comments directly below an entry that are indented deeper and so belong to it.</summary>
    private int BelowComments(int end, int column)
    {
        while (end < _text.Length)
        {
            var line = _text.AsSpan(_text[end] == '\r' && end + 1 < _text.Length && _text[end + 1] == '\n' ? end + 2 : end + 1);
            var indent = line.IndexOfAnyExcept(' ');
            if (indent <= column || line[indent] != '#')
                break;
            end = SourceText.LineEnd(_text, _text.Length - line.Length);
        }
        return end;
    }

    /// <summary>Returns the start of the comments directly above an entry that are in its column and so belong to it.</summary>
    private int AboveComments(int place, int column)
    {
        while (SourceText.LineStart(_text, place) is var start and > 0)
        {
            var above = SourceText.LineStart(_text, start - 1);
            if (above == start - 1 && _text[start - 1] == '\n' && start > 1 && _text[start - 2] == '\r')
                above = SourceText.LineStart(_text, start - 2);
            var isOwn = _text.AsSpan(start, place - start).IsWhiteSpace();
            if (!isOwn || above + column >= start || _text[above + column] != '#' || !_text.AsSpan(above, column).IsWhiteSpace())
                break;
            place = above + column;
        }
        return place;
    }

    private Splice[]? ReplaceBlock(YamlMapping mapping, KeyValuePair<YamlNode, YamlNode> member, JsonNode? value)
    {
        var (key, old) = member;
        var colon = SourceText.ColonAfter(_text, key.End);
        if (colon < 0 || old.Anchor is not null || old.Tag is not null)
            return null;
        if (value is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })
            return IsEmpty(old) && FirstKeyStandsFree(mapping) ? FillBlock(mapping, old, colon, value) : null;
        if (!(old is YamlScalarNode || IsEmpty(old)) || _text[old.Start..old.End] is ['|' or '>', ..])
            return null;
        return old.Start == old.End
            ? [new(colon + 1, 0, " " + YamlWriter.Inline(value))]
            : [new(old.Start, old.End - old.Start, YamlWriter.Inline(value))];
    }

    /// <summary>Adds lines under a key whose value was absent, <c>null</c>, <c>[]</c> or <c>{}</c>. A comment after it stays.</summary>
    private Splice[] FillBlock(YamlMapping mapping, YamlNode old, int colon, JsonNode value)
    {
        var column = SourceText.ColumnOf(mapping) + (value is JsonObject ? _style.Step : _style.SequenceStep);
        var lines = NewLine(Math.Max(old.End, colon + 1), column, _block.Block(value, column));
        if (old.Start == old.End)
            return [lines];
        var isLast = _text.AsSpan(old.End, lines.Start - old.End).IsWhiteSpace();
        return isLast
            ? [new(colon + 1, lines.Start - colon - 1, lines.Insert)]
            : [new(colon + 1, old.End - colon - 1, ""), lines];
    }

    private static bool IsEmpty(YamlNode node) => node switch
    {
        YamlScalarNode { IsPlain: true, Value: "" or "~" or "null" or "Null" or "NULL" } => true,
        YamlContainer { IsFlow: true } container => SourceText.FirstChild(container) is null,
        _ => false,
    };

    /// <summary>Returns true when new keys at the column of the first key belong to the same mapping, unlike after <c>? key</c>.</summary>
    private bool FirstKeyStandsFree(YamlMapping mapping)
    {
        var key = mapping.Members[0].Key;
        return _text.AsSpan(SourceText.LineStart(_text, key.Start), key.Column).IndexOfAnyExcept(" -\uFEFF") < 0;
    }

    private Splice[]? ReplaceFlow(YamlMapping mapping, KeyValuePair<YamlNode, YamlNode> member, JsonNode? value)
    {
        var (key, old) = member;
        if (old is YamlAlias || old.Anchor is not null || old.Tag is not null)
            return null;
        var text = SourceText.IsSpread(mapping) ? _flow.Lines(value, SourceText.Indentation(_text, key.Start)) : _flow.Line(value);
        if (old.Start != old.End)
            return [new(old.Start, old.End - old.Start, text)];
        var colon = SourceText.ColonAfter(_text, key.End);
        return [colon < 0 ? new(key.End, 0, ": " + text) : new(colon + 1, 0, " " + text)];
    }

    /// <summary>Appends an entry before the closing bracket, after the last entry.</summary>
    private Splice[]? Append(YamlContainer flow, YamlNode? around, int? lastEnd, string? key, JsonNode? value)
    {
        if (_text[flow.Start] is not ('{' or '['))
            return null;
        if (lastEnd is { } end)
        {
            return SourceText.IsSpread(flow)
                ? AppendLine(end, _style.LineBreak + Spread(flow) + Entry(key, value, Spread(flow)))
                : [new(end, 0, (_style.FlowSpaced ? ", " : ",") + Entry(key, value, null))];
        }
        if (around is not YamlContainer { IsFlow: true } || !SourceText.IsSpread(around))
            return [new(flow.Start + 1, 0, Entry(key, value, null))];
        var outer = SourceText.Indentation(_text, flow.Start);
        var inner = outer + _style.FlowUnit;
        return [new(flow.Start + 1, 0, _style.LineBreak + inner + Entry(key, value, inner) + _style.LineBreak + outer)];
    }

    /// <summary>Appends a line below the last entry and its comment. An existing comma is used.</summary>
    private Splice[] AppendLine(int lastEnd, string line)
    {
        var lineEnd = SourceText.LineEnd(_text, lastEnd);
        var rest = _text.AsSpan(lastEnd, lineEnd - lastEnd).TrimStart();
        var hasComma = rest is [',', ..];
        if (hasComma)
            rest = rest[1..].TrimStart();
        if (rest is not ([] or ['#', ..]))
            return [new(lastEnd, 0, "," + line)];
        return hasComma ? [new(lineEnd, 0, line)] : [new(lastEnd, 0, ","), new(lineEnd, 0, line)];
    }

    private Splice[] InsertFlow(YamlSequence flow, int index, JsonNode? value)
    {
        var next = flow.Items[index].Start;
        return SourceText.IsSpread(flow)
            ? [new(next, 0, Entry(null, value, Spread(flow)) + "," + _style.LineBreak + Spread(flow))]
            : [new(next, 0, Entry(null, value, null) + (_style.FlowSpaced ? ", " : ","))];
    }

    private string Spread(YamlNode flow) => SourceText.Indentation(_text, SourceText.FirstChild(flow)!.Start);

    private string Entry(string? key, JsonNode? value, string? indent)
    {
        var text = indent is null ? _flow.Line(value) : _flow.Lines(value, indent);
        return key is null ? text : _flow.Line(JsonValue.Create(key)) + (_style.FlowSpaced || indent is not null ? ": " : ":") + text;
    }

    private static int LastEnd(KeyValuePair<YamlNode, YamlNode> member) => Math.Max(member.Key.End, member.Value.End);
}
