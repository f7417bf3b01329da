using System.Collections.Immutable;

namespace Turnpike.Reading;

/// <summary>The part of Kubernetes object metadata that Turnpike reads.</summary>
public sealed record ObjectMeta
{
    public string Namespace { get; init; } = "";

    public string Name { get; init; } = "";

    public string Uid { get; init; } = "";

    public string ResourceVersion { get; init; } = "";

    public long Generation { get; init; }

    /// <summary>The time of creation, or null for an object from a file. Such objects count as equally old.</summary>
    public DateTimeOffset? CreationTimestamp { get; init; }

    public ImmutableSortedDictionary<string, string> Labels { get; init; } = EmptyMap;

    public ImmutableSortedDictionary<string, string> Annotations { get; init; } = EmptyMap;

    /// <summary>An empty map with ordinal order, which is the order of everything that Turnpike prints.</summary>
    public static ImmutableSortedDictionary<string, string> EmptyMap { get; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => $"{Namespace}/{Name}";
}

/// <summary>Identifies one object by kind, namespace (empty for cluster-scoped kinds) and name.</summary>
public readonly record struct ObjectKey(string Kind, string Namespace, string Name) : IComparable<ObjectKey>
{
    /// <inheritdoc/>
    public int CompareTo(ObjectKey other)
    {
        var order = string.CompareOrdinal(Kind, other.Kind);
        if (order == 0)
            order = string.CompareOrdinal(Namespace, other.Namespace);
        return order != 0 ? order : string.CompareOrdinal(Name, other.Name);
    }

    public static bool operator <(ObjectKey left, ObjectKey right) => left.CompareTo(right) < 0;

    public static bool operator >(ObjectKey left, ObjectKey right) => left.CompareTo(right) > 0;

    public static bool operator <=(ObjectKey left, ObjectKey right) => left.CompareTo(right) <= 0;

    public static bool operator >=(ObjectKey left, ObjectKey right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public override string ToString() => Namespace.Length == 0 ? $"{Kind} {Name}" : $"{Kind} {Namespace}/{Name}";
}
