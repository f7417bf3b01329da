namespace Turnpike.Routing;

/// <summary>How the path of a request (without query, as the client wrote it) is compared.</summary>
public enum PathMatchKind
{
    /// <summary>Equality.</summary>
    Exact,

    /// <summary>String prefix: <c>/foo</c> matches <c>/foobar</c> (2017's <c>X.*</c> and <c>uri.prefix</c>).</summary>
    Prefix,

    /// <summary>Prefix by path element: <c>/foo</c> matches <c>/foo</c> and <c>/foo/bar</c>, not <c>/foobar</c> (Kubernetes' Prefix).</summary>
    ElementPrefix,
}

/// <summary>The path condition of a route.</summary>
/// <param name="Value">For <see cref="PathMatchKind.ElementPrefix"/> without its trailing slash; use <see cref="Element"/>.</param>
public readonly record struct PathMatch(PathMatchKind Kind, string Value)
{
    /// <summary>Every path.</summary>
    public static PathMatch Any { get; } = new(PathMatchKind.Prefix, "");

    public static PathMatch Exact(string path) => new(PathMatchKind.Exact, path);

    public static PathMatch Prefix(string prefix) => new(PathMatchKind.Prefix, prefix);

    /// <summary>A trailing slash says nothing to a comparison by element, so <c>/foo/</c> is <c>/foo</c> and <c>/</c> is every path.</summary>
    public static PathMatch Element(string prefix)
    {
        var value = prefix.EndsWith('/') ? prefix[..^1] : prefix;
        return value.Length == 0 ? Prefix("/") : new PathMatch(PathMatchKind.ElementPrefix, value);
    }

    public bool Matches(ReadOnlySpan<char> path) => Kind switch
    {
        PathMatchKind.Exact => path.SequenceEqual(Value),
        PathMatchKind.Prefix => path.StartsWith(Value, StringComparison.Ordinal),
        _ => path.StartsWith(Value, StringComparison.Ordinal) && (path.Length == Value.Length || path[Value.Length] == '/'),
    };

    /// <summary>The paths that both conditions match, as one condition; null where there are none (behaviour reference §4.6).</summary>
    public static PathMatch? Intersect(PathMatch left, PathMatch right)
    {
        if (left.Kind == PathMatchKind.Exact)
            return right.Matches(left.Value) ? left : null;
        if (right.Kind == PathMatchKind.Exact)
            return left.Matches(right.Value) ? right : null;
        var (shorter, longer) = left.Value.Length <= right.Value.Length ? (left, right) : (right, left);
        if (shorter.Value.Length == longer.Value.Length)
        {
            if (shorter.Value != longer.Value)
                return null;
            return shorter.Kind == PathMatchKind.ElementPrefix ? shorter : longer;
        }
        return shorter.Matches(longer.Value) ? longer : null;
    }

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        PathMatchKind.Exact => $"exact {Value}",
        PathMatchKind.Prefix => Value.Length == 0 ? "any path" : $"prefix {Value}",
        _ => $"element {Value}",
    };
}
