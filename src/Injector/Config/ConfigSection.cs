using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Reading;

namespace Turnpike.Injector.Config;

/// <summary>
/// One mapping of a configuration. Remembers which keys were asked for, so that the others can be reported with the name that was meant.
/// A key with the value <c>null</c> counts as absent.
/// </summary>
internal sealed class ConfigSection(JsonObject? members, string path, List<FieldError> errors, List<string> warnings)
{
    private readonly List<string> _known = [];

    public string PathOf(string name) => path.Length == 0 ? Json.Plain(name) : $"{path}.{Json.Plain(name)}";

    public void Fault(FieldError error) => errors.Add(error);

    public JsonNode? Raw(string name)
    {
        _known.Add(name);
        return Json.Member(members, name);
    }

    public string? Text(string name)
    {
        var node = Raw(name);
        if (node is null || Json.Text(node) is { Length: > 0 })
            return Json.Text(node);
        errors.Add(FieldError.Invalid(PathOf(name), Json.Show(node), "must be a text that is not empty"));
        return null;
    }

    /// <summary>One of several texts. Truth values are taken for the texts that YAML made them from.</summary>
    public string? Choice(string name, params string[] choices)
    {
        var node = Raw(name);
        var text = node?.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? node.ToJsonString() : Json.Text(node);
        if (node is null || (text is not null && choices.Contains(text, StringComparer.Ordinal)))
            return text;
        errors.Add(FieldError.Unsupported(PathOf(name), Json.Show(node), choices));
        return null;
    }

    public long? Integer(string name, long least, long most)
    {
        var node = Raw(name);
        if (node is null)
            return null;
        var isInteger = long.TryParse(node.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value);
        if (isInteger && value >= least && value <= most)
            return value;
        var advice = FormattableString.Invariant($"must be an integer from {least} to {most}");
        errors.Add(FieldError.Invalid(PathOf(name), Json.Show(node), advice));
        return null;
    }

    public IReadOnlyList<string>? Texts(string name)
    {
        var node = Raw(name);
        if (node is null)
            return null;
        if (node is JsonArray items && items.All(item => Json.Text(item) is not null))
            return [.. items.Select(item => Json.Text(item)!)];
        errors.Add(FieldError.Invalid(PathOf(name), Json.Show(node), "must be a list of texts"));
        return null;
    }

    /// <summary>A nested mapping; an empty one where the key is absent or wrong.</summary>
    public ConfigSection Section(string name)
    {
        var node = Raw(name);
        if (node is not (null or JsonObject))
            errors.Add(FieldError.Invalid(PathOf(name), Json.Show(node), "must be a mapping"));
        return new ConfigSection(node as JsonObject, PathOf(name), errors, warnings);
    }

    /// <summary>Keys that 2017 had and that change nothing here.</summary>
    public void WithoutEffect(params string[] names)
    {
        foreach (var name in names.Where(name => Raw(name) is not null))
            warnings.Add($"{PathOf(name)}: has no effect");
    }

    public void WarnOfUnknownKeys()
    {
        foreach (var (name, _) in members ?? [])
        {
            if (_known.Contains(name))
                continue;
            var nearest = _known.Select(known => (Name: known, Distance: Distance(name, known))).MinBy(known => known.Distance);
            var hint = nearest.Distance <= Math.Max(1, name.Length / 3) ? $"; did you mean {nearest.Name}?" : "";
            warnings.Add($"{PathOf(name)}: unknown key{hint}");
        }
    }

    /// <summary>How many characters must be added, dropped or replaced to get from one name to the other, case aside.</summary>
    private static int Distance(string from, string to)
    {
        if (from.Length > 64)
            return int.MaxValue;
        var last = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var current = new int[to.Length + 1];
            current[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var same = char.ToLowerInvariant(from[i - 1]) == char.ToLowerInvariant(to[j - 1]);
                current[j] = Math.Min(last[j - 1] + (same ? 0 : 1), Math.Min(last[j], current[j - 1]) + 1);
            }
            last = current;
        }
        return last[to.Length];
    }
}
