using System.Text.RegularExpressions;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster;

/// <summary>The names of objects.</summary>
internal static partial class ObjectName
{
    private const int MaxLength = 253;

    /// <summary>Null where <paramref name="name"/> can be one, else what would be right.</summary>
    public static string? Fault(string name) => name.Length <= MaxLength && Subdomain().IsMatch(name)
        ? null
        : "lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit";

    /// <summary>What istioctl called an object: <c>route-rule/default/reviews</c>.</summary>
    public static string Of(string kind, NamespacedName key) =>
        $"{WordStart().Replace(kind, "-").ToLowerInvariant()}/{key}";

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Subdomain();

    /// <summary>Before the capital that begins a word, be it after a small letter or at the end of an abbreviation.</summary>
    [GeneratedRegex("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", RegexOptions.CultureInvariant)]
    private static partial Regex WordStart();
}
