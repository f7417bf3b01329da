using System.Globalization;
using System.Text;

namespace Turnpike.Routing;

/// <summary>Applies rewrites of the path and redirects (istio-2017.md §3.8). The caller provides the memory for the results.</summary>
public static class PathRewrite
{
    /// <summary>Returns the length in bytes of the path in a request target.</summary>
    public static int PathLength(ReadOnlySpan<byte> target) => target.IndexOf((byte)'?') is var query and >= 0 ? query : target.Length;

    /// <summary>Returns the same for a target as text, in characters.</summary>
    public static int PathLength(string target) =>
        target.IndexOf('?', StringComparison.Ordinal) is var query and >= 0 ? query : target.Length;

    /// <summary>
    /// Returns the length in bytes of what <see cref="Rewrite(ReadOnlySpan{byte}, PathMatch, string, Span{byte})"/> writes.
    /// </summary>
    public static int RewrittenLength(ReadOnlySpan<byte> target, PathMatch matched, string replacement)
    {
        var rest = Rest(target, matched, replacement, out var needsSlash);
        return (needsSlash ? 1 : 0) + Encoding.UTF8.GetByteCount(replacement) + rest.Length;
    }

    /// <summary>Writes the target with the matched path or prefix replaced and the query kept.</summary>
    /// <param name="target">The path and query of the request.</param>
    /// <param name="matched">The path condition that the request met: the entry's and the rule's combined.</param>
    /// <param name="replacement">The text that replaces it.</param>
    /// <param name="rewritten">The memory for the result, of <see cref="RewrittenLength"/> bytes.</param>
    public static void Rewrite(ReadOnlySpan<byte> target, PathMatch matched, string replacement, Span<byte> rewritten)
    {
        var rest = Rest(target, matched, replacement, out var needsSlash);
        var writer = new Utf8Writer(rewritten);
        if (needsSlash)
            writer.Write("/"u8);
        writer.Write(replacement);
        writer.Write(rest);
    }

    /// <summary>Returns the same for a target as text.</summary>
    public static string Rewrite(string target, PathMatch matched, string replacement)
    {
        var bytes = Encoding.UTF8.GetBytes(target);
        var rewritten = new byte[RewrittenLength(bytes, matched, replacement)];
        Rewrite(bytes, matched, replacement, rewritten);
        return Encoding.UTF8.GetString(rewritten);
    }

    /// <summary>Returns an upper bound for the length in bytes of what <see cref="WriteLocation"/> writes.</summary>
    public static int MaxLocationLength(
        RedirectAction redirect, ReadOnlySpan<byte> requestScheme, ReadOnlySpan<byte> requestAuthority, ReadOnlySpan<byte> target) =>
        requestScheme.Length + requestAuthority.Length + target.Length + "://:65535".Length
        + Encoding.UTF8.GetByteCount(redirect.Scheme ?? "") + Encoding.UTF8.GetByteCount(redirect.Authority ?? "")
        + Encoding.UTF8.GetByteCount(redirect.Path ?? "");

    /// <summary>Writes the location of a redirect, and returns its length in bytes.</summary>
    /// <param name="redirect">The redirect of the route.</param>
    /// <param name="requestScheme">The scheme that the client used.</param>
    /// <param name="requestAuthority">The host that the client asked for, with its port.</param>
    /// <param name="target">The path and query that it asked for.</param>
    /// <param name="location">The memory for the result, of <see cref="MaxLocationLength"/> bytes.</param>
    public static int WriteLocation(
        RedirectAction redirect,
        ReadOnlySpan<byte> requestScheme,
        ReadOnlySpan<byte> requestAuthority,
        ReadOnlySpan<byte> target,
        Span<byte> location)
    {
        var isSameScheme = redirect.Scheme is null || Ascii.Equals(requestScheme, redirect.Scheme);
        var writer = new Utf8Writer(location);
        writer.Write(redirect.Scheme, requestScheme);
        writer.Write("://"u8);
        // The port of one scheme's listener says nothing about the other's.
        writer.Write(redirect.Authority, isSameScheme ? requestAuthority : VirtualHostSet.HostOf(requestAuthority));
        if (redirect.Authority is null && !isSameScheme && redirect.Port != 0)
        {
            writer.Write(":"u8);
            writer.Write(redirect.Port);
        }
        writer.Write(redirect.Path, target);
        return writer.Length;
    }

    /// <summary>Returns the location of a redirect for a request as text.</summary>
    public static string Location(RedirectAction redirect, string requestScheme, string requestAuthority, string target)
    {
        var (scheme, authority, asked) =
            (Encoding.UTF8.GetBytes(requestScheme), Encoding.UTF8.GetBytes(requestAuthority), Encoding.UTF8.GetBytes(target));
        var location = new byte[MaxLocationLength(redirect, scheme, authority, asked)];
        return Encoding.UTF8.GetString(location, 0, WriteLocation(redirect, scheme, authority, asked, location));
    }

    /// <summary>Returns the part of the target that a rewrite keeps.</summary>
    private static ReadOnlySpan<byte> Rest(ReadOnlySpan<byte> target, PathMatch matched, string replacement, out bool needsSlash)
    {
        var pathLength = PathLength(target);
        // A route without a condition on the path counts as one for the prefix "/".
        var matchedLength = matched.Kind == PathMatchKind.Exact ? pathLength : Math.Min(Math.Max(matched.Utf8.Length, 1), pathLength);
        var rest = target[matchedLength..];
        // With a prefix by element, the rest has its own slash: "/" for "/app" makes "/x" of "/app/x", not "//x".
        if (matched.Kind == PathMatchKind.ElementPrefix && replacement.EndsWith('/') && rest.StartsWith((byte)'/'))
            rest = rest[1..];
        needsSlash = replacement.Length > 0 ? replacement[0] != '/' : !rest.StartsWith((byte)'/');
        return rest;
    }

    private ref struct Utf8Writer(Span<byte> room)
    {
        private readonly Span<byte> _room = room;

        public int Length { get; private set; }

        public void Write(ReadOnlySpan<byte> text)
        {
            text.CopyTo(_room[Length..]);
            Length += text.Length;
        }

        public void Write(string text) => Length += Encoding.UTF8.GetBytes(text, _room[Length..]);

        /// <summary>Writes the text, or the bytes when it is null.</summary>
        public void Write(string? text, ReadOnlySpan<byte> otherwise)
        {
            if (text is null)
                Write(otherwise);
            else
                Write(text);
        }

        public void Write(int number)
        {
            number.TryFormat(_room[Length..], out var length, default, CultureInfo.InvariantCulture);
            Length += length;
        }
    }
}
