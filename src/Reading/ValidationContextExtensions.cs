using FluentValidation;
using FluentValidation.Results;

namespace Turnpike.Reading;

/// <summary>
/// Lets validators report kind, path and text of a <see cref="FieldError"/>. Field names in a text are marked as <c>`httpReqTimeout`</c>
/// and
/// appear in the user's spelling.
/// </summary>
internal static class ValidationContextExtensions
{
    public static void Invalid<T>(this ValidationContext<T> context, string detail, string? badValue = null, string at = "") =>
        context.Report(FieldErrorKind.Invalid, detail, badValue, at);

    /// <summary>Reports that the key of the current map entry is wrong.</summary>
    public static void InvalidKey<T>(this ValidationContext<T> context, string detail, string key) =>
        context.AddFailure(new ValidationFailure(context.PropertyPath, detail)
        {
            CustomState = new Finding(FieldErrorKind.Invalid, JsonText.Quote(key), OfKey: true),
        });

    public static void Required<T>(this ValidationContext<T> context, string detail, string at = "") =>
        context.Report(FieldErrorKind.Required, detail, null, at);

    public static void Forbidden<T>(this ValidationContext<T> context, string detail, string at = "") =>
        context.Report(FieldErrorKind.Forbidden, detail, null, at);

    public static void Warn<T>(this ValidationContext<T> context, string text, string at = "") =>
        context.Report(null, text, null, at);

    public static void Report<T>(this ValidationContext<T> context, FieldErrorKind? kind, string detail, string? badValue, string at)
    {
        var path = context.PropertyPath ?? "";
        if (at.Length > 0)
            path = path.Length == 0 ? at : path + "." + at;
        context.AddFailure(new ValidationFailure(path, detail) { CustomState = new Finding(kind, badValue) });
    }
}
