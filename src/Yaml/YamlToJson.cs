using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Turnpike.Yaml;

/// <summary>
/// Turns a YAML tree into JSON. Aliases and merge keys are expanded within a budget, keys become text, and duplicate keys are refused. The
/// result is parsed from JSON text, so that its values convert between number types like those of any parsed JSON.
/// </summary>
internal sealed class YamlToJson
{
    private const int MaxBytes = YamlText.MaxDocumentLength;
    private const string CoreTag = "tag:yaml.org,2002:";

    private readonly Utf8JsonWriter _writer;
    private int _nodes;

    private YamlToJson(Utf8JsonWriter writer) => _writer = writer;

    public static JsonNode? Convert(YamlNode root)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true }))
            new YamlToJson(writer).Value(root, 0);
        return JsonNode.Parse(buffer.WrittenSpan, null, new JsonDocumentOptions { MaxDepth = YamlText.MaxDepth });
    }

    private void Value(YamlNode node, int depth)
    {
        Spend(node);
        if (depth >= YamlText.MaxDepth && node is YamlContainer)
            throw Fault(node, $"collections nest deeper than {YamlText.MaxDepth} levels");
        switch (node)
        {
            case YamlAlias alias:
                Value(alias.Target, depth);
                break;
            case YamlScalarNode scalar:
                Scalar(scalar);
                break;
            case YamlSequence sequence:
                CheckTag(sequence, "seq");
                _writer.WriteStartArray();
                foreach (var item in sequence.Items)
                    Value(item, depth + 1);
                _writer.WriteEndArray();
                break;
            case YamlMapping mapping:
                CheckTag(mapping, "map");
                _writer.WriteStartObject();
                foreach (var (key, value) in Members(mapping, 0))
                {
                    _writer.WritePropertyName(key);
                    Value(value, depth + 1);
                }
                _writer.WriteEndObject();
                break;
        }
    }

    /// <summary>
    /// Returns a mapping's members, those of its merge keys included. Its own keys win over merged ones, and earlier sources over later
    /// ones.
    /// </summary>
    private OrderedDictionary<string, YamlNode> Members(YamlMapping mapping, int depth)
    {
        if (depth > YamlText.MaxDepth)
            throw Fault(mapping, $"merge keys nest deeper than {YamlText.MaxDepth} levels");
        var members = new OrderedDictionary<string, YamlNode>(StringComparer.Ordinal);
        var keys = new Dictionary<string, YamlNode>(StringComparer.Ordinal);
        List<YamlNode>? merges = null;
        foreach (var (keyNode, value) in mapping.Members)
        {
            Spend(keyNode);
            var isMerge = IsMerge(keyNode);
            var key = isMerge ? "<<" : Key(keyNode);
            if (!keys.TryAdd(key, keyNode))
                throw Fault(keyNode, $"the key {YamlScalar.Quote(key)} is already set {Distance(keys[key], keyNode)}");
            if (isMerge)
                (merges ??= []).Add(value);
            else
                members.Add(key, value);
        }
        foreach (var merge in merges ?? [])
        {
            foreach (var source in Sources(merge))
            {
                foreach (var (key, value) in Members(source, depth + 1))
                {
                    Spend(value);
                    members.TryAdd(key, value);
                }
            }
        }
        return members;
    }

    private static IEnumerable<YamlMapping> Sources(YamlNode merge) => Resolve(merge) switch
    {
        YamlMapping mapping => [mapping],
        YamlSequence sequence => sequence.Items.Select(item => Resolve(item) as YamlMapping ?? throw NotMergeable(item)),
        _ => throw NotMergeable(merge),
    };

    private static YamlNode Resolve(YamlNode node) => node is YamlAlias alias ? Resolve(alias.Target) : node;

    private static YamlFaultException NotMergeable(YamlNode node) =>
        Fault(node, "the merge key \"<<\" takes a mapping or a sequence of mappings");

    private static string Distance(YamlNode first, YamlNode second) =>
        (second.Line - first.Line) switch { 0 => "in the same line", 1 => "1 line above", var lines => $"{lines} lines above" };

    /// <summary>Returns a key as JSON has it, or null for a merge key and for a value that cannot be a key.</summary>
    public static string? KeyText(YamlNode node) =>
        !IsMerge(node) && Resolve(node) is YamlScalarNode scalar && Resolved(scalar) is { Kind: not YamlScalarKind.Null } key
            ? key.Text
            : null;

    private static bool IsMerge(YamlNode node) => node is YamlScalarNode { IsPlain: true, Value: "<<", Tag: null };

    private static string Key(YamlNode node)
    {
        if (Resolve(node) is not YamlScalarNode scalar)
            throw Fault(node, "a key must be text, not a collection");
        var resolved = Resolved(scalar);
        if (resolved.Kind is YamlScalarKind.Null)
            throw Fault(node, "a key must be text, not null");
        return WellFormed(scalar, resolved.Text);
    }

    private void Scalar(YamlScalarNode scalar)
    {
        var resolved = Resolved(scalar);
        if (resolved.Kind is YamlScalarKind.String)
            _writer.WriteStringValue(WellFormed(scalar, resolved.Text));
        else if (resolved.Kind is YamlScalarKind.Infinite)
            throw Fault(scalar, $"the number {scalar.Value} cannot be represented in JSON");
        else
            _writer.WriteRawValue(resolved.Text, skipInputValidation: true);
    }

    private static YamlScalarValue Resolved(YamlScalarNode scalar)
    {
        if (scalar.Tag is null)
            return scalar.IsPlain ? YamlScalar.Resolve(scalar.Value) : YamlScalarValue.Of(scalar.Value);
        var type = scalar.Tag.StartsWith(CoreTag, StringComparison.Ordinal) ? scalar.Tag[CoreTag.Length..] : scalar.Tag;
        if (type is "str" or "!" or "timestamp")
            return YamlScalarValue.Of(scalar.Value);
        var value = YamlScalar.Resolve(scalar.Value);
        var fits = (type, value.Kind) is ("null", YamlScalarKind.Null)
            or ("bool", YamlScalarKind.Bool)
            or ("int" or "float", YamlScalarKind.Number)
            or ("float", YamlScalarKind.Infinite);
        if (!fits)
            throw Fault(scalar, $"the tag {(type == scalar.Tag ? type : "!!" + type)} is unknown or does not fit this value");
        return value;
    }

    private static void CheckTag(YamlContainer node, string type)
    {
        if (node.Tag is not (null or "!") && node.Tag != CoreTag + type)
            throw Fault(node, $"the tag {node.Tag.Replace(CoreTag, "!!", StringComparison.Ordinal)} is unknown or does not fit this value");
    }

    private static string WellFormed(YamlNode node, string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (!char.IsHighSurrogate(text[i]) || ++i == text.Length || !char.IsLowSurrogate(text[i]))
                throw Fault(node, "the text is not valid Unicode: half of a surrogate pair stands alone");
        }
        return text;
    }

    private void Spend(YamlNode node)
    {
        if (++_nodes > YamlText.MaxNodes)
            throw Fault(node, $"the document has more than {YamlText.MaxNodes} values once its aliases are expanded");
        if (_writer.BytesCommitted + _writer.BytesPending > MaxBytes)
            throw Fault(node, $"the document is larger than {MaxBytes / (1024 * 1024)} MiB once its aliases are expanded");
    }

    private static YamlFaultException Fault(YamlNode node, string message) => new(message, node.Line, node.Column + 1);
}
