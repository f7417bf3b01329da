using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Turnpike.Reading;

/// <summary>
/// Reads one JSON object field by field. Unknown fields are ignored; a field of a wrong type is an error under its path and counts as
/// absent.
/// A method with the parameter <c>model</c> also records the field under that name, relative to this object's place in the model, for the
/// validator.
/// </summary>
internal sealed class ObjectReader
{
    private readonly Dictionary<string, JsonNode> _fields = new(StringComparer.Ordinal);
    private readonly string _path;
    private readonly string _model;

    public ObjectReader(Findings findings, JsonObject json, string path = "", string model = "")
    {
        Findings = findings;
        _path = path;
        _model = model;
        if (!JsonText.TryFields(json, out var entries, out var fault))
            findings.AddError(FieldError.Invalid(path, null, fault));
        foreach (var (name, node) in entries)
        {
            if (node is not null)
                _fields.Add(name, node);
        }
    }

    public Findings Findings { get; }

    /// <summary>The names of the fields that are not null.</summary>
    public IEnumerable<string> Given => _fields.Keys;

    public bool Has(string name) => _fields.ContainsKey(name);

    public JsonNode? Raw(string name) => _fields.GetValueOrDefault(name);

    public string PathOf(string name) => FieldPath.Child(_path, name);

    /// <summary>Requires the given apiVersions and kind, where the object states them. The items of a list response do not.</summary>
    public void ExpectType(string[] apiVersions, string kind)
    {
        Expect("apiVersion", apiVersions);
        Expect("kind", [kind]);
    }

    public string? String(string name, string? model = null) =>
        Field(name, model) is not { } node ? null
        : Scalars.TryString(node, out var value, out var fault) ? value
        : Fail<string>(name, model, node, fault);

    public bool? Boolean(string name) =>
        Field(name, null) is not { } node ? null
        : Scalars.TryBoolean(node, out var value, out var fault) ? value
        : Fail(name, node, fault);

    public int? Int32(string name)
    {
        if (Field(name, null) is not { } node)
            return null;
        if (Scalars.TryInt32(node, out var value, out var fault))
            return value;
        Fail<object>(name, null, node, fault);
        return null;
    }

    /// <summary>Reads an integer between <paramref name="least"/> and <paramref name="most"/>.</summary>
    public long? Integer(string name, long least, long most)
    {
        if (Field(name, null) is not { } node)
            return null;
        if (Scalars.TryInteger(node, least, most, out var value, out var fault))
            return value;
        Fail<object>(name, null, node, fault);
        return null;
    }

    /// <summary>Reads one of <paramref name="choices"/>. A choice that YAML takes for a boolean needs no quotes.</summary>
    public string? Choice(string name, IReadOnlyCollection<string> choices)
    {
        if (Field(name, null) is not { } node)
            return null;
        var text = node.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? node.ToJsonString()
            : JsonText.TryString(node, out var given) ? given
            : null;
        if (text is not null && choices.Contains(text, StringComparer.Ordinal))
            return text;
        Findings.AddError(FieldError.Unsupported(PathOf(name), JsonText.Quote(node), choices));
        return null;
    }

    public int? Port(string name)
    {
        if (Int32(name) is not { } port)
            return null;
        if (port is >= 1 and <= 65535)
            return port;
        Findings.AddError(FieldError.Invalid(PathOf(name), JsonText.Quote(Raw(name)), "must be a port between 1 and 65535"));
        return null;
    }

    public ObjectReader? Object(string name, string? model = null) =>
        Field(name, model) switch
        {
            null => null,
            JsonObject json => new ObjectReader(Findings, json, PathOf(name), FullModel(model)),
            var node => Fail<ObjectReader>(name, model, node, $"must be an object, not {JsonText.KindOf(node)}"),
        };

    /// <summary>
    /// Returns a reader for each object of a list; none if the field is absent. An element that is not an object is an error. The list is
    /// read
    /// while it is enumerated, so that errors are in its order; enumerate it once.
    /// </summary>
    public IEnumerable<ObjectReader> Objects(string name, string? model = null) =>
        Items(name, model, (node, at, itemModel) =>
        {
            if (node is JsonObject json)
                return new ObjectReader(Findings, json, at, itemModel);
            Findings.AddError(itemModel, FieldError.Invalid(at, JsonText.Quote(node), $"must be an object, not {JsonText.KindOf(node)}"));
            return null;
        });

    /// <summary>Reads a list of strings. An element that is not a string is an error.</summary>
    /// <param name="form">Returns what would be right for an element that is wrong, or null.</param>
    public ImmutableArray<string> Strings(string name, string? model = null, Func<string, string?>? form = null) =>
        [.. Items(name, model, (node, at, itemModel) =>
        {
            if (Scalars.TryString(node, out var text, out var fault))
                fault = form?.Invoke(text);
            if (fault is not null)
                Findings.AddError(itemModel, FieldError.Invalid(at, JsonText.Quote(node), fault));
            return text ?? "";
        })];

    public void AddError(FieldError error) => Findings.AddError(error);

    /// <summary>
    /// Adds an error of the field <paramref name="model"/> of the model. Failures of the validator for that field are dropped.
    /// </summary>
    public void AddError(string model, FieldError error) => Findings.AddError(FullModel(model), error);

    public void Warn(string name, string text) => Findings.Warn(PathOf(name), text);

    /// <summary>Warns of each field that is not in <paramref name="known"/>, and suggests the known name that was probably meant.</summary>
    public void WarnOfUnknown(IReadOnlyCollection<string> known)
    {
        foreach (var name in Given.Except(known, StringComparer.Ordinal))
            Warn(name, "unknown key" + Spelling.DidYouMean(Spelling.Nearest(name, known)));
    }

    private IEnumerable<T> Items<T>(string name, string? model, Func<JsonNode?, string, string, T?> read)
        where T : class
    {
        if (Field(name, model) is not { } node)
            yield break;
        if (node is not JsonArray list)
        {
            Fail<object>(name, model, node, $"must be a list, not {JsonText.KindOf(node)}");
            yield break;
        }
        for (var i = 0; i < list.Count; i++)
        {
            var at = FieldPath.Item(PathOf(name), i);
            var itemModel = FieldPath.Item(FullModel(model ?? name), i);
            Findings.Record(itemModel, at, list[i]);
            if (read(list[i], at, itemModel) is { } item)
                yield return item;
        }
    }

    private JsonNode? Field(string name, string? model)
    {
        var node = _fields.GetValueOrDefault(name);
        if (!string.IsNullOrEmpty(model))
            Findings.Record(FullModel(model), PathOf(name), node);
        return node;
    }

    private void Expect(string name, string[] values)
    {
        if (String(name) is { } given && !values.Contains(given))
            Findings.AddError(FieldError.Unsupported(PathOf(name), JsonText.Quote(given), values));
    }

    private string FullModel(string? relative) =>
        string.IsNullOrEmpty(relative) ? _model : _model.Length == 0 ? relative : _model + "." + relative;

    private T? Fail<T>(string name, string? relative, JsonNode node, string detail)
        where T : class
    {
        var error = FieldError.Invalid(PathOf(name), JsonText.Quote(node), detail);
        if (string.IsNullOrEmpty(relative))
            Findings.AddError(error);
        else
            Findings.AddError(FullModel(relative), error);
        return null;
    }

    private bool? Fail(string name, JsonNode node, string detail)
    {
        Fail<object>(name, null, node, detail);
        return null;
    }
}
