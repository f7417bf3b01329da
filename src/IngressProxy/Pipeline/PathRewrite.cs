using Turnpike.Routing;

namespace Turnpike.IngressProxy.Pipeline;

/// <summary>Rewrites of the path and redirects (behaviour reference §3.8).</summary>
internal static class PathRewrite
{
    /// <summary>The length of the path in a request target.</summary>
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
    public static string Location(RequestHead request, RedirectAction redirect, string requestScheme)
    {
        var scheme = redirect.Scheme ?? requestScheme;
        var authority = redirect.Authority;
        if (authority is null)
        {
            // The port of one scheme's listener says nothing about the other's.
            var host = VirtualHostSet.HostOf(request.Authority);
            authority = scheme == requestScheme ? request.Authority : host.ToString();
        }
        return $"{scheme}://{authority}{redirect.Path ?? request.Target}";
    }
}
