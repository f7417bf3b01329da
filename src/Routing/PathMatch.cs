using System.Text;
using System.Text.Json.Serialization;

namespace Turnpike.Routing;

/// <summary>The kinds of comparison with the path of a request, which is without its query and as the client wrote it.</summary>
public enum PathMatchKind
{
    /// <summary>The whole path is equal.</summary>
    Exact,

    /// <summary>A prefix of the text: <c>/foo</c> matches <c>/foobar</c> (2017's <c>X.*</c> and <c>uri.prefix</c>).</summary>
    Prefix,

    /// <summary>
    /// A prefix of path elements: <c>/foo</c> matches <c>/foo</c> and <c>/foo/bar</c>, not <c>/foobar</c> (Kubernetes' Prefix).
    /// </summary>
    ElementPrefix,
}

/// <summary>The path condition of a route. It is compared with bytes as they come off the wire.</summary>
public readonly struct PathMatch : IEquatable<PathMatch>
{
    private readonly byte[]? _utf8;

    /// <param name="kind">The kind of comparison.</param>
    /// <param name="value">
    /// The path or prefix. For <see cref="PathMatchKind.ElementPrefix"/> it has no trailing slash; use <see cref="Element"/>.
    /// </param>
    [JsonConstructor]
    public PathMatch(PathMatchKind kind, string value)
    {
        Kind = kind;
        Value = value;
        _utf8 = value is null ? null : Encoding.UTF8.GetBytes(value);
    }

    /// <summary>Matches every path.</summary>
    public static PathMatch Any { get; } = new(PathMatchKind.Prefix, "");

    public PathMatchKind Kind { get; }

    public string Value { get; }

    /// <summary><see cref="Value"/> as bytes.</summary>
    [JsonIgnore]
    public ReadOnlySpan<byte> Utf8 => _utf8;

    public static bool operator ==(PathMatch left, PathMatch right) => left.Equals(right);

    public static bool operator !=(PathMatch left, PathMatch right) => !left.Equals(right);

    public static PathMatch Exact(string path) => new(PathMatchKind.Exact, path);

    public static PathMatch Prefix(string prefix) => new(PathMatchKind.Prefix, prefix);

    /// <summary>
    /// Returns a prefix by element. A trailing slash does not matter, so <c>/foo/</c> is <c>/foo</c>, and <c>/</c> matches every path.
    /// </summary>
    public static PathMatch Element(string prefix)
    {
        var value = prefix.EndsWith('/') ? prefix[..^1] : prefix;
        return value.Length == 0 ? Prefix("/") : new PathMatch(PathMatchKind.ElementPrefix, value);
    }

    /// <summary>Returns true when <paramref name="path"/>, which is without its query, meets the condition.</summary>
    public bool Matches(ReadOnlySpan<byte> path) => Kind switch
    {
        PathMatchKind.Exact => path.SequenceEqual(_utf8),
        PathMatchKind.Prefix => path.StartsWith(_utf8),
        _ => path.StartsWith(_utf8) && EndsElement(path, Utf8.Length),
    };

    /// <summary>Returns the paths that both conditions match, as one condition; null when there are none (istio-2017.md §4.6).</summary>
    public static PathMatch? Intersect(PathMatch left, PathMatch right)
    {
        if (left.Kind == PathMatchKind.Exact)
            return right.Matches(left.Utf8) ? left : null;
        if (right.Kind == PathMatchKind.Exact)
            return left.Matches(right.Utf8) ? right : null;
        var (shorter, longer) = left.Utf8.Length <= right.Utf8.Length ? (left, right) : (right, left);
        if (shorter.Utf8.Length == longer.Utf8.Length)
        {
            if (shorter.Value != longer.Value)
                return null;
            return shorter.Kind == PathMatchKind.ElementPrefix ? shorter : longer;
        }
        return shorter.Matches(longer.Utf8) ? longer : null;
    }

    /// <inheritdoc/>
    public bool Equals(PathMatch other) => Kind == other.Kind && Value == other.Value;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is PathMatch other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, Value);

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        PathMatchKind.Exact => $"exact {Value}",
        PathMatchKind.Prefix => Value.Length == 0 ? "any path" : $"prefix {Value}",
        _ => $"element {Value}",
    };

    /// <summary>Returns true when a path element ends at <paramref name="length"/>, which is not beyond the path.</summary>
    internal static bool EndsElement(ReadOnlySpan<byte> path, int length) => path.Length == length || path[length] == (byte)'/';
}
