using System.Text.Json.Nodes;
using FluentValidation;
using FluentValidation.Results;

namespace Turnpike.Reading;

/// <summary>
/// Collects errors and warnings while one object is read and then validated. It remembers for each field of the model where and how the
/// user
/// wrote it. A validator knows only the model; its failures are reported in the user's spelling and order, and a field that failed to
/// decode
/// is not reported twice.
/// </summary>
internal sealed class Findings
{
    private readonly Dictionary<string, Field> _fields = new(StringComparer.Ordinal);
    private readonly List<string> _faulty = [];
    private readonly List<(int Order, FieldError Error)> _errors = [];
    private readonly List<(int Order, string Path, string Text)> _warnings = [];
    private int _next;
    private int _snake;
    private int _camel;

    private sealed record Field(string Path, int Order, JsonNode? Raw);

    private bool PrefersSnake => _snake > _camel;

    /// <summary>Counts the spelling of a field name, so that messages use the spelling that the user prefers.</summary>
    public void NoteSpelling(string name)
    {
        if (name.Contains('_', StringComparison.Ordinal))
            _snake++;
        else if (name.Any(char.IsAsciiLetterUpper))
            _camel++;
    }

    /// <summary>Records that the field <paramref name="model"/> of the model was written at <paramref name="path"/>.</summary>
    public void Record(string model, string path, JsonNode? raw) => _fields[model] = new Field(path, _next++, raw);

    public void AddError(FieldError error) => _errors.Add((_next++, error));

    /// <summary>
    /// Adds an error of the field <paramref name="model"/> of the model. Failures of the validator for that field are dropped.
    /// </summary>
    public void AddError(string model, FieldError error)
    {
        _faulty.Add(model);
        AddError(error);
    }

    public void Warn(string path, string text) => _warnings.Add((_next++, path, text));

    public void Validate<T>(IValidator<T> validator, T model)
    {
        foreach (var failure in validator.Validate(model).Errors)
            Add(failure);
    }

    /// <summary>Returns all findings in the order of the fields, and the value if there is no error.</summary>
    public Decoded<T> Result<T>(T value)
        where T : class
    {
        var sorted = _errors
            .OrderBy(e => e.Order)
            .Select(e => e.Error with { Detail = Spelling.Render(e.Error.Detail, PrefersSnake) })
            .ToList();
        var texts = _warnings
            .OrderBy(w => w.Order)
            .Select(w => (w.Path.Length == 0 ? "" : w.Path + ": ") + Spelling.Render(w.Text, PrefersSnake))
            .ToList();
        return new Decoded<T>(sorted.Count == 0 ? value : null, sorted, texts);
    }

    private void Add(ValidationFailure failure)
    {
        var model = failure.PropertyName;
        var finding = (Finding)failure.CustomState;
        // After a decoding error the rest of that value is unknown, so that "required" or a wrong total would be misleading. That two
        // fields
        // exclude each other, and that a map key is wrong, holds whatever the values are.
        if (!finding.OfKey && _faulty.Any(f => IsWithin(model, f) || (finding.Kind != FieldErrorKind.Forbidden && IsPart(f, model))))
            return;
        var (path, order, raw) = Locate(model);
        if (finding.Kind is not { } kind)
        {
            _warnings.Add((order, path, failure.ErrorMessage));
            return;
        }
        var bad = kind is FieldErrorKind.Required or FieldErrorKind.Forbidden ? null
            : finding.BadValue ?? (raw is null ? null : JsonText.Quote(raw));
        _errors.Add((order, new FieldError(path, kind, bad, failure.ErrorMessage)));
    }

    /// <summary>
    /// Returns the place of a field. A field that the user did not write gets its parent's place and the spelling of the other fields.
    /// </summary>
    private Field Locate(string model)
    {
        if (_fields.TryGetValue(model, out var field))
            return field;
        if (model.Length == 0)
            return new Field("", 0, null);
        var dot = model.LastIndexOf('.');
        var parent = Locate(dot < 0 ? "" : model[..dot]);
        var name = char.ToLowerInvariant(model[dot + 1]) + model[(dot + 2)..];
        return new Field(FieldPath.Child(parent.Path, PrefersSnake ? Spelling.Snake(name) : name), parent.Order, null);
    }

    /// <summary>
    /// Returns true when <paramref name="model"/> is a field or an element of <paramref name="owner"/>, or a field of an element.
    /// </summary>
    private static bool IsPart(string model, string owner)
    {
        if (!IsWithin(model, owner))
            return false;
        var rest = model.AsSpan(owner.Length);
        if (rest is ['[', ..])
            rest = rest[(rest.IndexOf(']') + 1)..];
        return rest.IsEmpty || rest[1..].IndexOfAny('.', '[') < 0;
    }

    private static bool IsWithin(string model, string ancestor) =>
        model.StartsWith(ancestor, StringComparison.Ordinal)
        && (ancestor.Length == 0 || model.Length == ancestor.Length || model[ancestor.Length] is '.' or '[');
}

/// <summary>The state that a validator attaches to a failure.</summary>
/// <param name="Kind">The kind of error, or null for a warning.</param>
/// <param name="BadValue">JSON text that is shown instead of the field's own value.</param>
/// <param name="OfKey">Whether the failure is about the key of a map entry and not about its value.</param>
internal sealed record Finding(FieldErrorKind? Kind, string? BadValue, bool OfKey = false);
