namespace Turnpike.Hosting.Client;

/// <summary>Names one object of a kind. <see cref="Namespace"/> is empty for cluster-scoped objects.</summary>
public readonly record struct NamespacedName(string Namespace, string Name) : IComparable<NamespacedName>
{
    public static NamespacedName ClusterScoped(string name) => new("", name);

    /// <summary>Orders by namespace, then by name, both ordinally.</summary>
    public int CompareTo(NamespacedName other) =>
        string.CompareOrdinal(Namespace, other.Namespace) is not 0 and var order ? order : string.CompareOrdinal(Name, other.Name);

    public static bool operator <(NamespacedName left, NamespacedName right) => left.CompareTo(right) < 0;

    public static bool operator <=(NamespacedName left, NamespacedName right) => left.CompareTo(right) <= 0;

    public static bool operator >(NamespacedName left, NamespacedName right) => left.CompareTo(right) > 0;

    public static bool operator >=(NamespacedName left, NamespacedName right) => left.CompareTo(right) >= 0;

    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";
}
