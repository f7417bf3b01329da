using Turnpike.Reading;

namespace Turnpike.Api;

/// <summary>Lists of namespaces in annotations and settings: names with commas between them, or <c>*</c> for every namespace.</summary>
public static class NamespaceNames
{
    public const string All = "*";

    public static IEnumerable<string> Split(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <param name="list">Null where the annotation is not there: it holds no namespace.</param>
    public static bool Contain(string? list, string ns) => list is not null && Contain(Split(list), ns);

    public static bool Contain(IEnumerable<string> list, string ns) => list.Any(name => name == All || name == ns);

    /// <summary>What is wrong with an entry, or null.</summary>
    public static string? Fault(string name) => name == All || Syntax.Label(name) is null ? null : "must be the name of a namespace, or * for all of them";
}
