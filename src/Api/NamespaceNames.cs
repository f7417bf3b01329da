using Turnpike.Reading;

namespace Turnpike.Api;

/// <summary>Lists of namespaces in annotations and settings: names separated by commas, or <c>*</c> for every namespace.</summary>
public static class NamespaceNames
{
    public const string All = "*";

    public static IEnumerable<string> Split(string list) =>
        list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Returns true when the list contains the namespace or <c>*</c>.</summary>
    /// <param name="list">The value of the annotation; null, for an absent annotation, contains no namespace.</param>
    /// <param name="ns">The namespace to look for.</param>
    public static bool Contain(string? list, string ns) => list is not null && Contain(Split(list), ns);

    public static bool Contain(IEnumerable<string> list, string ns) => list.Any(name => name == All || name == ns);

    /// <summary>Returns what would be right if an entry of a list is wrong, or null.</summary>
    public static string? Fault(string name) =>
        name == All || Syntax.Label(name) is null ? null : "must be the name of a namespace, or * for all namespaces";
}
