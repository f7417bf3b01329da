using System.Text;
using Turnpike.Http;
using Turnpike.Primitives;

namespace Turnpike.Routing;

/// <summary>The part of a request that a condition looks at.</summary>
public enum ConditionTarget
{
    /// <summary>The path without its query. Only regular expressions look at it; the other kinds are in <see cref="Route.Path"/>.</summary>
    Path,
    Method,
    Scheme,
    Authority,
    Header,

    /// <summary>The first parameter with a given name in the query, as the client wrote it: neither name nor value is decoded.</summary>
    QueryParameter,
}

public enum ConditionKind
{
    /// <summary>The header or parameter exists, whatever its value.</summary>
    Present,
    Exact,
    Prefix,

    /// <summary>The whole value matches.</summary>
    Regex,
}

/// <summary>One condition on a request besides its path prefix.</summary>
public sealed record Condition
{
    // The expression runs in linear time and cannot fail. A condition that could not be evaluated would disable a rule that denies.
    private readonly LinearRegex? _regex;
    private readonly byte[] _utf8;
    private readonly HeaderName _header;
    private readonly byte[] _parameter;

    /// <param name="target">The part of the request that is tested.</param>
    /// <param name="name">The lower-case name of a header, or the name of a query parameter; empty for the other targets.</param>
    /// <param name="kind">The kind of comparison.</param>
    /// <param name="value">The text to compare with; for a regular expression, a pattern for the whole value.</param>
    /// <exception cref="ArgumentException">The pattern is not one that <see cref="LinearRegex"/> accepts.</exception>
    public Condition(ConditionTarget target, string name, ConditionKind kind, string value)
    {
        Target = target;
        Name = name;
        Kind = kind;
        Value = value;
        _utf8 = Encoding.UTF8.GetBytes(value);
        _header = target == ConditionTarget.Header ? HeaderName.Of(name) : default;
        _parameter = target == ConditionTarget.QueryParameter ? Encoding.UTF8.GetBytes(name) : [];
        _regex = kind == ConditionKind.Regex ? LinearRegex.Get(value) : null;
    }

    public ConditionTarget Target { get; }

    public string Name { get; }

    public ConditionKind Kind { get; }

    public string Value { get; }

    /// <summary>Returns true when the request meets the condition.</summary>
    public bool Holds<THeaders>(in RequestKey request, THeaders headers)
        where THeaders : IRequestHeaders, allows ref struct => Target switch
        {
            ConditionTarget.Path => Matches(request.Path),
            ConditionTarget.Method => Matches(request.Method),
            ConditionTarget.Scheme => Matches(request.Scheme),
            ConditionTarget.Authority => MatchesAuthority(request.Authority),
            ConditionTarget.QueryParameter => QueryParameters.TryFind(request.Query, _parameter, out var parameter) && Matches(parameter),
            _ => headers.TryCombine(_header, out var value) && Matches(value),
        };

    /// <inheritdoc/>
    public bool Equals(Condition? other) =>
        other is not null && Target == other.Target && Kind == other.Kind && Name == other.Name && Value == other.Value;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Target, Name, Kind, Value);

    /// <inheritdoc/>
    public override string ToString()
    {
        var name = Target switch
        {
            ConditionTarget.Header => $"header {Name}",
            ConditionTarget.QueryParameter => $"query parameter {Name}",
            _ => Target.ToString().ToLowerInvariant(),
        };
        return Kind switch
        {
            ConditionKind.Present => $"{name} present",
            ConditionKind.Exact => $"{name} = {Value}",
            ConditionKind.Prefix => $"{name} ^= {Value}",
            _ => $"{name} ~ {Value}",
        };
    }

    private bool Matches(ReadOnlySpan<byte> text) => Kind switch
    {
        ConditionKind.Present => true,
        ConditionKind.Exact => text.SequenceEqual(_utf8),
        ConditionKind.Prefix => text.StartsWith(_utf8),
        _ => _regex!.IsMatch(text),
    };

    /// <summary>
    /// Returns true when the authority matches, with its port or without, because clients of a node port send one. Exact and prefix
    /// comparisons ignore case.
    /// </summary>
    private bool MatchesAuthority(ReadOnlySpan<byte> authority) =>
        MatchesHost(authority) || MatchesHost(VirtualHostSet.HostOf(authority));

    private bool MatchesHost(ReadOnlySpan<byte> host) => Kind switch
    {
        ConditionKind.Exact => Ascii.EqualsIgnoreCase(host, _utf8),
        ConditionKind.Prefix => host.Length >= _utf8.Length && Ascii.EqualsIgnoreCase(host[.._utf8.Length], _utf8),
        _ => Matches(host),
    };
}
