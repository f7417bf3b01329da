using Turnpike.Primitives;

namespace Turnpike.Routing;

/// <summary>What of the request a condition looks at.</summary>
public enum ConditionTarget
{
    /// <summary>The path without query; for regular expressions only, the other kinds are in <see cref="Route.Path"/>.</summary>
    Path,
    Method,
    Scheme,
    Authority,
    Header,
}

public enum ConditionKind
{
    /// <summary>The header is there, whatever its value.</summary>
    Present,
    Exact,
    Prefix,

    /// <summary>The whole value matches.</summary>
    Regex,
}

/// <summary>One condition on a request besides its path prefix.</summary>
public sealed record Condition
{
    // Runs in linear time and cannot fail: a condition that could not be evaluated would take a rule that denies out of force.
    private readonly LinearRegex? _regex;

    /// <param name="target">What of the request.</param>
    /// <param name="name">Lower-case header name; empty for the other targets.</param>
    /// <param name="kind">How it is compared.</param>
    /// <param name="value">What with; for a regular expression a pattern for the whole value.</param>
    /// <exception cref="ArgumentException">The pattern is not one that <see cref="LinearRegex"/> accepts.</exception>
    public Condition(ConditionTarget target, string name, ConditionKind kind, string value)
    {
        Target = target;
        Name = name;
        Kind = kind;
        Value = value;
        _regex = kind == ConditionKind.Regex ? LinearRegex.Get(value) : null;
    }

    public ConditionTarget Target { get; }

    public string Name { get; }

    public ConditionKind Kind { get; }

    public string Value { get; }

    /// <summary>Case-sensitive but for the authority, which also matches without its port: clients of a nodePort send one.</summary>
    public bool Matches(ReadOnlySpan<char> text)
    {
        if (Target != ConditionTarget.Authority)
            return Matches(text, StringComparison.Ordinal);
        return Matches(text, StringComparison.OrdinalIgnoreCase) || Matches(VirtualHostSet.HostOf(text), StringComparison.OrdinalIgnoreCase);
    }

    private bool Matches(ReadOnlySpan<char> text, StringComparison comparison)
    {
        switch (Kind)
        {
            case ConditionKind.Present:
                return true;
            case ConditionKind.Exact:
                return text.Equals(Value, comparison);
            case ConditionKind.Prefix:
                return text.StartsWith(Value, comparison);
            default:
                return _regex!.IsMatch(text);
        }
    }

    /// <inheritdoc/>
    public bool Equals(Condition? other) =>
        other is not null && Target == other.Target && Kind == other.Kind && Name == other.Name && Value == other.Value;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Target, Name, Kind, Value);

    /// <inheritdoc/>
    public override string ToString()
    {
        var name = Target == ConditionTarget.Header ? $"header {Name}" : Target.ToString().ToLowerInvariant();
        return Kind switch
        {
            ConditionKind.Present => $"{name} present",
            ConditionKind.Exact => $"{name} = {Value}",
            ConditionKind.Prefix => $"{name} ^= {Value}",
            _ => $"{name} ~ {Value}",
        };
    }
}
