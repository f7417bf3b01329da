using System.Text.RegularExpressions;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster;

/// <summary>Checks and prints the names of objects.</summary>
internal static partial class ObjectName
{
    private const int MaxLength = 253;

    /// <summary>Returns null for a valid name, otherwise what would be right.</summary>
    public static string? Fault(string name) => name.Length <= MaxLength && Subdomain().IsMatch(name)
        ? null
        : "lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit";

    /// <summary>Returns the name of an object in the form of istioctl: <c>route-rule/default/reviews</c>.</summary>
    public static string Of(string kind, NamespacedName key) =>
        $"{WordStart().Replace(kind, "-").ToLowerInvariant()}/{key}";

    [GeneratedRegex(
        @"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Subdomain();

    /// <summary>Matches the position before a capital that begins a word, after a lower-case letter or after an abbreviation.</summary>
    [GeneratedRegex("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", RegexOptions.CultureInvariant)]
    private static partial Regex WordStart();
}
