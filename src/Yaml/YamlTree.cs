using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Turnpike.Yaml;

/// <summary>A value of a YAML document and its place in the text, so that the text can be edited in place.</summary>
public abstract class YamlNode
{
    /// <summary>The offset of the first character: the dash or first key of a block collection, the bracket of a flow collection.</summary>
    public required int Start { get; init; }

    /// <summary>
    /// The offset after the last character that belongs to the value. Comments and blank lines that follow do not belong to it.
    /// </summary>
    public int End { get; internal set; }

    /// <summary>The column of <see cref="Start"/>, counted from 0.</summary>
    public required int Column { get; init; }

    /// <summary>The line of <see cref="Start"/> in the document's text, counted from 1.</summary>
    public required int Line { get; init; }

    public string? Anchor { get; init; }

    public string? Tag { get; init; }
}

/// <param name="value">The text, with escapes and folding resolved.</param>
/// <param name="isPlain">Whether the scalar is neither quoted nor a block scalar.</param>
public sealed class YamlScalarNode(string value, bool isPlain) : YamlNode
{
    public string Value => value;

    public bool IsPlain => isPlain;
}

/// <summary>A collection in block style (lines) or in flow style (brackets).</summary>
public abstract class YamlContainer(bool isFlow) : YamlNode
{
    public bool IsFlow => isFlow;
}

public sealed class YamlMapping(bool isFlow) : YamlContainer(isFlow)
{
    public List<KeyValuePair<YamlNode, YamlNode>> Members { get; } = [];

    /// <summary>Returns the member that this mapping itself has under a key. Members that merge keys add are not considered.</summary>
    public KeyValuePair<YamlNode, YamlNode>? Find(string key)
    {
        foreach (var member in Members)
        {
            if (YamlToJson.KeyText(member.Key) == key)
                return member;
        }
        return null;
    }
}

public sealed class YamlSequence(bool isFlow) : YamlContainer(isFlow)
{
    public List<YamlNode> Items { get; } = [];
}

/// <param name="name">The name of the anchor.</param>
/// <param name="target">The value that the alias stands for.</param>
public sealed class YamlAlias(string name, YamlNode target) : YamlNode
{
    public string Name => name;

    public YamlNode Target => target;
}

/// <summary>Reads one document into a tree with positions.</summary>
public static class YamlTree
{
    /// <summary>
    /// Reads the text of one document, such as <see cref="YamlDocument.Text"/>. Returns false if it is empty or does not parse.
    /// </summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out YamlNode? root)
    {
        try
        {
            root = Parse(text);
            return root is not null;
        }
        catch (YamlFaultException)
        {
            root = null;
            return false;
        }
    }

    internal static YamlNode? Parse(string text)
    {
        var offset = text.StartsWith('\uFEFF') ? 1 : 0;
        return new TreeBuilder(text[offset..], offset).Document();
    }
}

/// <summary>Builds nodes from the parser's events. <see cref="YamlText.MaxDepth"/> bounds the recursion.</summary>
internal sealed class TreeBuilder
{
    private static readonly SearchValues<char> ControlCharacters =
        SearchValues.Create([.. Enumerable.Range(0, ' ').Append('\u007F').Select(code => (char)code).Except("\t\r\n")]);

    private readonly string _text;
    private readonly int _offset;
    private readonly Parser _parser;
    private readonly Dictionary<string, YamlNode?> _anchors = new(StringComparer.Ordinal);
    private int _nodes;

    public TreeBuilder(string text, int offset)
    {
        _text = text;
        _offset = offset;
        _parser = new Parser(new Scanner(new StringReader(text), skipComments: true));
    }

    public YamlNode? Document()
    {
        RefuseControlCharacters();
        Next();
        if (Next() is StreamEnd)
            return null;
        var root = Node(Next(), 0);
        Next();
        if (Next() is not StreamEnd)
            throw Fault(_parser.Current!.Start, "a second document starts here without a line \"---\" before it");
        return root;
    }

    private YamlNode Node(ParsingEvent start, int depth)
    {
        if (depth >= YamlText.MaxDepth && start is (MappingStart or SequenceStart))
            throw Fault(start.Start, $"collections nest deeper than {YamlText.MaxDepth} levels");
        if (++_nodes > YamlText.MaxNodes)
            throw Fault(start.Start, $"the document has more than {YamlText.MaxNodes} values");
        switch (start)
        {
            case AnchorAlias alias:
                return Alias(alias);
            case Scalar scalar:
                var leaf = new YamlScalarNode(scalar.Value, scalar.Style is ScalarStyle.Plain)
                {
                    Start = Offset(scalar.Start),
                    Line = (int)scalar.Start.Line,
                    Column = (int)scalar.Start.Column - 1,
                    Anchor = Anchor(scalar),
                    Tag = Tag(scalar),
                    End = scalar.Style is ScalarStyle.Literal or ScalarStyle.Folded ? BlockScalarEnd(scalar) : Offset(scalar.End),
                };
                Define(leaf);
                return leaf;
            case MappingStart mapping:
                return Mapping(mapping, depth);
            case SequenceStart sequence:
                return Sequence(sequence, depth);
            default:
                throw Fault(start.Start, "a value was expected here");
        }
    }

    private YamlAlias Alias(AnchorAlias alias)
    {
        var name = alias.Value.Value;
        if (!_anchors.TryGetValue(name, out var target))
            throw Fault(alias.Start, $"the alias *{name} has no anchor &{name} before it");
        return new YamlAlias(name, target ?? throw Fault(alias.Start, $"the alias *{name} stands inside its own anchor &{name}"))
        {
            Start = Offset(alias.Start),
            End = Offset(alias.End),
            Line = (int)alias.Start.Line,
            Column = (int)alias.Start.Column - 1,
        };
    }

    private YamlMapping Mapping(MappingStart start, int depth)
    {
        var node = new YamlMapping(start.Style is MappingStyle.Flow)
        {
            Start = Offset(start.Start),
            Line = (int)start.Start.Line,
            Column = (int)start.Start.Column - 1,
            Anchor = Anchor(start),
            Tag = Tag(start),
        };
        Open(node);
        while (Next() is not MappingEnd)
        {
            var key = Node(_parser.Current!, depth + 1);
            var value = Node(Next(), depth + 1);
            node.Members.Add(new(key, value));
            node.End = Math.Max(key.End, value.End);
        }
        Finish(node);
        return node;
    }

    private YamlSequence Sequence(SequenceStart start, int depth)
    {
        var node = new YamlSequence(start.Style is SequenceStyle.Flow)
        {
            Start = Offset(start.Start),
            Line = (int)start.Start.Line,
            Column = (int)start.Start.Column - 1,
            Anchor = Anchor(start),
            Tag = Tag(start),
        };
        Open(node);
        while (Next() is not SequenceEnd)
        {
            var item = Node(_parser.Current!, depth + 1);
            node.Items.Add(item);
            node.End = item.End;
        }
        Finish(node);
        return node;
    }

    /// <summary>
    /// Registers an anchor without a node. An alias of that name before the end of the container stands inside its own anchor.
    /// </summary>
    private void Open(YamlContainer node)
    {
        if (node.Anchor is { } name)
            _anchors[name] = null;
    }

    private void Define(YamlNode node)
    {
        if (node.Anchor is { } name)
            _anchors[name] = node;
    }

    private void Finish(YamlContainer node)
    {
        if (node.IsFlow)
            node.End = Offset(_parser.Current!.Start) + 1;
        Define(node);
    }

    /// <summary>
    /// Returns the end of a block scalar, which the parser reports where the next token starts. Blank lines at its end belong to its value
    /// only if
    /// the header says "keep" (<c>+</c>).
    /// </summary>
    private int BlockScalarEnd(Scalar scalar)
    {
        var start = (int)scalar.Start.Index;
        var header = _text.AsSpan(start, Math.Max(0, YamlStream.NextLine(_text, start) - start));
        var body = _text.AsSpan(start, (int)scalar.End.Index - start);
        var comment = header.IndexOf(" #");
        if (!(comment < 0 ? header : header[..comment]).Contains('+'))
            return start + body.TrimEnd(" \r\n").Length + _offset;
        var end = start + body.TrimEnd(' ').Length;
        if (end > start && _text[end - 1] == '\n')
            end -= end - 2 > start && _text[end - 2] == '\r' ? 2 : 1;
        return end + _offset;
    }

    private ParsingEvent Next()
    {
        try
        {
            return _parser.MoveNext() ? _parser.Current! : throw new YamlFaultException("the document ends too early", 0, 0);
        }
        catch (YamlException fault)
        {
            throw Explain(fault);
        }
        catch (Exception fault) when (fault is InvalidOperationException or ArgumentException or FormatException
            or IndexOutOfRangeException or OverflowException)
        {
            throw Fault(_parser.Current?.End ?? Mark.Empty, "not valid YAML after this point; is a bracket or a quote left open?");
        }
    }

    private static YamlFaultException Fault(Mark mark, string message) => new(message, (int)mark.Line, (int)mark.Column);

    private YamlFaultException Explain(YamlException fault)
    {
        var text = fault.Message.ReplaceLineEndings(" ").TrimEnd('.', ' ');
        var blamesTab = text.Contains("tab", StringComparison.Ordinal) || text.Contains("cannot start any token", StringComparison.Ordinal);
        if (blamesTab && TabIndent((int)fault.Start.Line) is var line and > 0)
            return new YamlFaultException("a tab is used for indentation; YAML takes spaces only", line, 1);
        var blamesColon = text.Contains("found invalid mapping", StringComparison.Ordinal)
            || text.Contains("Mapping values are not allowed", StringComparison.Ordinal);
        if (blamesColon)
            return Fault(fault.Start, "a key with a value cannot stand here; is the indentation wrong, or a text with \": \" not quoted?");
        return Fault(fault.Start, text.Length == 0 ? "not valid YAML" : char.ToLowerInvariant(text[0]) + text[1..]);
    }

    /// <summary>
    /// Returns the first line from <paramref name="from"/> on that is indented by a tab, or 0. The parser reports the collection around it
    /// instead.
    /// </summary>
    private int TabIndent(int from)
    {
        var line = 1;
        for (var position = 0; position < _text.Length; position = YamlStream.NextLine(_text, position), line++)
        {
            var rest = _text.AsSpan(position).TrimStart(' ');
            if (line >= from && !rest.IsEmpty && rest[0] == '\t' && rest.TrimStart(" \t") is not ([] or ['\r' or '\n' or '#', ..]))
                return line;
        }
        return 0;
    }

    private void RefuseControlCharacters()
    {
        var position = _text.AsSpan().IndexOfAny(ControlCharacters);
        if (position < 0)
            return;
        var (line, start) = (1, 0);
        for (var next = YamlStream.NextLine(_text, 0); next <= position; next = YamlStream.NextLine(_text, next))
            (line, start) = (line + 1, next);
        throw new YamlFaultException($"the control character U+{(int)_text[position]:X4} is not allowed", line, position - start + 1);
    }

    private int Offset(Mark mark) => (int)mark.Index + _offset;

    private static string? Anchor(NodeEvent node) => node.Anchor.IsEmpty ? null : node.Anchor.Value;

    private static string? Tag(NodeEvent node) => node.Tag.IsEmpty ? null : node.Tag.Value;
}

/// <summary>The reason why a document does not parse. The exception never leaves this room.</summary>
[SuppressMessage("Design", "CA1064:Exceptions should be public", Justification = "Never leaves YamlText and YamlTree.")]
internal sealed class YamlFaultException(string message, int line, int column) : Exception(message)
{
    /// <summary>Returns the message with its place in the whole text.</summary>
    public string Describe(int firstLine) => $"line {firstLine + Math.Max(line, 1) - 1}, column {Math.Max(column, 1)}: {Message}";
}
