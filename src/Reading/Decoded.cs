namespace Turnpike.Reading;

/// <summary>The result of reading or validating one object: its value if it is valid, and every error and warning.</summary>
/// <param name="Value">The object; null exactly when <paramref name="Errors"/> is not empty.</param>
/// <param name="Errors">Every error, in the order of the fields. An object with an error is not used.</param>
/// <param name="Warnings">One sentence, led by the field path, for each value that is allowed but has no effect or is probably a
/// mistake.</param>
public sealed record Decoded<T>(T? Value, IReadOnlyList<FieldError> Errors, IReadOnlyList<string> Warnings)
    where T : class
{
    public bool IsValid => Errors.Count == 0;
}
