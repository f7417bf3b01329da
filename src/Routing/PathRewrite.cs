using System.Globalization;

namespace Turnpike.Routing;

/// <summary>Rewrites of the path and redirects (istio-2017.md §3.8).</summary>
public static class PathRewrite
{
    /// <summary>The length of the path in a request target.</summary>
    public static int PathLength(ReadOnlySpan<byte> target) => target.IndexOf((byte)'?') is var query and >= 0 ? query : target.Length;

    /// <summary>The same for a target as text.</summary>
    public static int PathLength(ReadOnlySpan<char> target) => target.IndexOf('?') is var query and >= 0 ? query : target.Length;

    /// <summary>The target with the matched path or prefix replaced and the query kept.</summary>
    /// <param name="target">Path and query.</param>
    /// <param name="matched">What the route matched: Ingress and rule combined.</param>
    /// <param name="replacement">The text in its place.</param>
    public static string Rewrite(string target, PathMatch matched, string replacement)
    {
        var pathLength = PathLength(target);
        // No condition on the path means the prefix "/".
        var matchedLength = matched.Kind == PathMatchKind.Exact ? pathLength : Math.Min(Math.Max(matched.Value.Length, 1), pathLength);
        var rest = target.AsSpan(matchedLength);
        // By element the rest brings its own slash; "/" for "/app" makes "/x" of "/app/x", not "//x".
        if (matched.Kind == PathMatchKind.ElementPrefix && replacement.EndsWith('/') && rest.StartsWith('/'))
            rest = rest[1..];
        var rewritten = string.Concat(replacement, rest);
        return rewritten.StartsWith('/') ? rewritten : "/" + rewritten;
    }

    /// <summary>Where a redirect points to.</summary>
    /// <param name="redirect">What the route says.</param>
    /// <param name="requestScheme">The scheme that the client used.</param>
    /// <param name="requestAuthority">The host that the client asked for, with its port.</param>
    /// <param name="target">Path and query that it asked for.</param>
    public static string Location(RedirectAction redirect, string requestScheme, string requestAuthority, string target)
    {
        var scheme = redirect.Scheme ?? requestScheme;
        // The port of one scheme's listener says nothing about the other's.
        var authority = redirect.Authority
            ?? (scheme == requestScheme ? requestAuthority
            : redirect.Port == 0 ? VirtualHostSet.HostOf(requestAuthority)
            : string.Create(CultureInfo.InvariantCulture, $"{VirtualHostSet.HostOf(requestAuthority)}:{redirect.Port}"));
        return $"{scheme}://{authority}{redirect.Path ?? target}";
    }
}
