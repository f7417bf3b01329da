namespace Turnpike.Reading;

/// <summary>
/// One error of one object, printed in the API server's own form: <c>spec.route: Invalid value: 90: weights must total 100</c>.
/// </summary>
/// <param name="Path">A field path such as <c>spec.route[1].weight</c>, in the spelling that the user wrote; empty for the whole
/// object.</param>
/// <param name="Kind">The kind of error.</param>
/// <param name="BadValue">The offending value as JSON text, with strings quoted, or null if the kind has none.</param>
/// <param name="Detail">What would be right, in lower case without a full stop.</param>
public sealed record FieldError(string Path, FieldErrorKind Kind, string? BadValue, string Detail)
{
    public static FieldError Invalid(string path, string? badValue, string detail) => new(path, FieldErrorKind.Invalid, badValue, detail);

    public static FieldError Required(string path, string detail) => new(path, FieldErrorKind.Required, null, detail);

    public static FieldError Forbidden(string path, string detail) => new(path, FieldErrorKind.Forbidden, null, detail);

    public static FieldError Unsupported(string path, string? badValue, IEnumerable<string> supported) =>
        new(path, FieldErrorKind.Unsupported, badValue, "supported values: " + string.Join(", ", supported.Select(s => $"\"{s}\"")));

    /// <summary>Returns a string of a user as messages show it: in quotes, on one line, and cut if it is long.</summary>
    public static string Quote(string text) => JsonText.Quote(text);

    public static FieldError Duplicate(string path, string? badValue, string detail) =>
        new(path, FieldErrorKind.Duplicate, badValue, detail);

    /// <inheritdoc/>
    public override string ToString()
    {
        var kind = Kind switch
        {
            FieldErrorKind.Required => "Required value",
            FieldErrorKind.Forbidden => "Forbidden",
            FieldErrorKind.Unsupported => $"Unsupported value: {BadValue}",
            FieldErrorKind.Duplicate => $"Duplicate value: {BadValue}",
            _ => BadValue is null ? "Invalid value" : $"Invalid value: {BadValue}",
        };
        var text = Detail.Length == 0 ? kind : $"{kind}: {Detail}";
        return Path.Length == 0 ? text : $"{Path}: {text}";
    }
}

/// <summary>The kinds of error that the API server itself distinguishes.</summary>
public enum FieldErrorKind
{
    Invalid,
    Required,
    Forbidden,
    Unsupported,
    Duplicate,
}
