using Turnpike.Injector.Text;
using Turnpike.Yaml;

namespace Turnpike.Cli.Conversion;

/// <summary>
/// Converts the old Ingresses of a text to v1 in place: keys are renamed, a few are added, and everything else stays, including comments
/// and style.
/// The caller verifies the result.
/// </summary>
internal sealed class IngressRewrite
{
    private readonly string _text;
    private readonly string _lineBreak;
    private readonly List<Splice> _splices = [];

    private IngressRewrite(string text)
    {
        _text = text;
        _lineBreak = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
    }

    /// <summary>Returns the new text, or null if the changes cannot be made in place.</summary>
    public static string? Apply(string text)
    {
        if (!YamlTree.TryParse(text, out var root))
            return null;
        var rewrite = new IngressRewrite(text);
        rewrite.Object(root);
        return Splice.Apply(text, rewrite._splices);
    }

    private void Object(YamlNode node)
    {
        if (node is not YamlMapping mapping || Scalar(mapping, "kind") is not { } kind)
            return;
        var isOld = Scalar(mapping, "apiVersion") is { } version && IngressConversion.IsOldVersion(version.Value);
        if (isOld && kind.Value is "Ingress" or "IngressList")
            Replace(Scalar(mapping, "apiVersion")!, IngressConversion.NewVersion);
        if (kind.Value.EndsWith("List", StringComparison.Ordinal) && mapping.Find("items")?.Value is YamlSequence items)
            items.Items.ForEach(Object);
        else if (isOld && kind.Value == "Ingress" && mapping.Find("spec")?.Value is YamlMapping spec)
            Spec(spec);
    }

    private void Spec(YamlMapping spec)
    {
        if (spec.Find("backend") is { } backend)
        {
            Replace(backend.Key, "defaultBackend");
            Backend(backend.Value, spec);
        }
        foreach (var rule in Items(spec.Find("rules")?.Value))
        {
            foreach (var path in Items((rule.Find("http")?.Value as YamlMapping)?.Find("paths")?.Value))
            {
                if (path.Find("backend") is not { } member)
                    continue;
                if (path.Find("pathType") is null)
                    AddBefore(path, member.Key);
                Backend(member.Value, path);
            }
        }
    }

    /// <summary>Adds the type before the backend, which is after the path in most manifests.</summary>
    private void AddBefore(YamlMapping path, YamlNode key)
    {
        var member = $"{Like(key, "pathType")}:{(path.IsFlow ? FlowSpace(key) : " ")}{Like(key, IngressConversion.PathType)}";
        var between = !path.IsFlow ? _lineBreak + new string(' ', key.Column)
            : LeadOf(key) is { } lead ? "," + _lineBreak + lead
            : "," + FlowSpace(key);
        _splices.Add(new Splice(key.Start, 0, member + between));
    }

    private void Backend(YamlNode node, YamlMapping around)
    {
        if (node is not YamlMapping backend || backend.Find("serviceName") is not { } name || backend.Find("servicePort") is not { } port)
            return;
        var isNameFirst = name.Key.Start < port.Key.Start;
        var (first, last) = isNameFirst ? (name, port) : (port, name);
        var portKind = port.Value is YamlScalarNode { IsPlain: true } scalar && int.TryParse(scalar.Value, out _) ? "number" : "name";
        if (backend.IsFlow)
        {
            var open = $":{FlowSpace(first.Key)}{{";
            // If each member has its own line, each new one gets its own line too.
            var lead = LeadOf(first.Key) is { } outer && LeadOf(last.Key) is not null ? outer : null;
            var unit = lead is null ? "" : new string(' ', Math.Max(1, lead.Length - LineLead(backend).Length));
            string Line(int depth) => lead is null ? "" : _lineBreak + lead + string.Concat(Enumerable.Repeat(unit, depth));
            var inner = Like(port.Key, "port") + open + Line(2) + Like(port.Key, portKind);
            Replace(first.Key, Like(first.Key, "service") + open + Line(1) + (isNameFirst ? Like(name.Key, "name") : inner), isWhole: true);
            Replace(last.Key, unit + (isNameFirst ? inner : Like(name.Key, "name")), isWhole: true);
            var (portEnd, end) = (Line(1) + "}", Line(0) + "}");
            if (!isNameFirst)
                _splices.Add(new Splice(first.Value.End, 0, portEnd));
            _splices.Add(new Splice(last.Value.End, 0, isNameFirst ? portEnd + end : end));
            return;
        }
        var column = first.Key.Column;
        var step = new string(' ', Math.Max(1, around.IsFlow ? 2 : column - SourceColumn(around)));
        var indent = new string(' ', column) + step;
        var nested = $"{Like(port.Key, "port")}:{_lineBreak}{indent}{step}{Like(port.Key, portKind)}";
        Replace(first.Key, $"{Like(first.Key, "service")}:{_lineBreak}{indent}{(isNameFirst ? Like(name.Key, "name") : nested)}", isWhole: true);
        Replace(last.Key, step + (isNameFirst ? nested : Like(name.Key, "name")), isWhole: true);
    }

    /// <summary>Returns the indentation of a key that is the first on its line; otherwise null.</summary>
    private string? LeadOf(YamlNode key)
    {
        var lead = LineLead(key);
        return lead.Length == key.Start - LineStart(key) ? lead : null;
    }

    private string LineLead(YamlNode node)
    {
        var line = _text.AsSpan(LineStart(node));
        return line[..(line.Length - line.TrimStart(" \t").Length)].ToString();
    }

    private int LineStart(YamlNode node) => _text.AsSpan(0, node.Start).LastIndexOfAny('\r', '\n') + 1;

    private static int SourceColumn(YamlMapping mapping) => mapping.Members is [var first, ..] ? first.Key.Column : mapping.Column;

    private static IEnumerable<YamlMapping> Items(YamlNode? node) =>
        node is YamlSequence sequence ? sequence.Items.OfType<YamlMapping>() : [];

    private static YamlScalarNode? Scalar(YamlMapping mapping, string key) => mapping.Find(key)?.Value as YamlScalarNode;

    private void Replace(YamlNode node, string text, bool isWhole = false) =>
        _splices.Add(new Splice(node.Start, node.End - node.Start, isWhole ? text : Like(node, text)));

    /// <summary>Returns the text in the same quotes as a key or value, if it has any.</summary>
    private string Like(YamlNode node, string text) =>
        node is YamlScalarNode { IsPlain: false } && _text[node.Start] is '"' or '\''
            ? $"{_text[node.Start]}{text}{_text[node.Start]}"
            : text;

    /// <summary>
    /// Returns what the author writes after a colon in flow style: a space, unless keys are quoted and values follow directly.
    /// </summary>
    private string FlowSpace(YamlNode key) =>
        key.End + 1 < _text.Length && _text[key.End] == ':' && !char.IsWhiteSpace(_text[key.End + 1]) ? "" : " ";
}
