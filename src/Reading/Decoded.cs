namespace Turnpike.Reading;

/// <summary>The outcome of reading or validating one object: the value where it is right, and all that was found on the way.</summary>
/// <param name="Value">The object; null exactly when <paramref name="Errors"/> is not empty.</param>
/// <param name="Errors">Every fault, in the order of the fields. An object with a fault is not used.</param>
/// <param name="Warnings">What is allowed but has no effect or is probably not meant: one sentence each, led by the field path.</param>
public sealed record Decoded<T>(T? Value, IReadOnlyList<FieldError> Errors, IReadOnlyList<string> Warnings)
    where T : class
{
    public bool IsValid => Errors.Count == 0;
}
