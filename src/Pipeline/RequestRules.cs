using System.Collections.Frozen;
using Turnpike.Http;

namespace Turnpike.Pipeline;

/// <summary>
/// What a request has to look like before anything else is done with it: the one entrance for all that a client says in a head or
/// in trailers. What breaks a rule is refused and not repaired, whichever version of HTTP it came in, so that nothing of it
/// reaches a condition, an endpoint, a redirect or a log.
/// </summary>
internal static class RequestRules
{
    // RFC 9113 §8.2.2. HTTP/2 has other means for all of these.
    private static readonly FrozenSet<string> ConnectionSpecific = FrozenSet.ToFrozenSet(
        ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"], StringComparer.OrdinalIgnoreCase);

    // RFC 9110 §6.5.1: framing, routing and authentication are not decided by what comes after the content.
    private static readonly FrozenSet<string> NoTrailers = FrozenSet.ToFrozenSet(
        [
            "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te", "trailer", "host", "content-length",
            "authorization", "proxy-authorization", "cookie", "expect", "content-encoding", "content-type", "content-range", "range",
        ],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>Looks at everything but the target, which <see cref="TryTakeTarget"/> looks at.</summary>
    public static bool IsWellFormed(RequestHead head)
    {
        if (!HttpSyntax.IsMethod(head.Method) || !Authority.IsValid(head.Authority))
            return false;
        var codings = 0;
        foreach (ref readonly var header in head.Headers.Items)
        {
            if (!HttpSyntax.IsFieldName(header.Name) || !HttpSyntax.IsFieldValue(header.Value))
                return false;
            if (head.Version == HttpGeneration.Http2)
            {
                if (ConnectionSpecific.Contains(header.Name) || (Is(header.Name, "te") && !Is(header.Value, "trailers")))
                    return false;
            }
            else if (Is(header.Name, "transfer-encoding") && (++codings > 1 || !Is(header.Value, "chunked")))
            {
                // The server takes off the outer coding alone; what is below would pass for the content.
                return false;
            }
        }
        // A length beside a coding is how one request is smuggled in another.
        return codings == 0 || head.ContentLength is null;
    }

    /// <summary>Whether these may come after the content.</summary>
    public static bool IsTrailer(string name, string value) =>
        HttpSyntax.IsFieldName(name) && HttpSyntax.IsFieldValue(value) && !NoTrailers.Contains(name);

    /// <summary>
    /// Makes path and query of a request target, with each byte above 0x7f percent-encoded. A target in absolute form has to name
    /// the authority that the request names besides. What is neither stays as it is, for a later place to refuse.
    /// </summary>
    /// <param name="target">As the client wrote it, a character for each byte.</param>
    /// <param name="authority">That of the request.</param>
    /// <param name="taken">Starts with a slash, but for <c>*</c> and the target of CONNECT.</param>
    /// <returns>False where it is malformed.</returns>
    public static bool TryTakeTarget(string target, string authority, out string taken)
    {
        taken = target;
        if (!target.StartsWith('/'))
        {
            var scheme = target.IndexOf("://", StringComparison.Ordinal);
            if (scheme < 0)
                return HttpSyntax.IsFieldValue(target);
            if (!TryTakePath(target, scheme, authority, out taken))
                return false;
        }
        return RequestTarget.TryEncode(taken, out taken);
    }

    private static bool TryTakePath(string target, int schemeLength, string authority, out string path)
    {
        path = "";
        var scheme = target.AsSpan(0, schemeLength);
        var port = Is(scheme, "http") ? ":80" : Is(scheme, "https") ? ":443" : null;
        if (port is null)
            return false;
        var rest = target.AsSpan(schemeLength + "://".Length);
        var end = rest.IndexOfAny('/', '?') is >= 0 and var at ? at : rest.Length;
        if (!Is(WithoutPort(rest[..end], port), WithoutPort(authority, port)))
            return false;
        rest = rest[end..];
        path = rest.StartsWith('/') ? rest.ToString() : $"/{rest}";
        return true;
    }

    private static ReadOnlySpan<char> WithoutPort(ReadOnlySpan<char> authority, string port) =>
        authority.EndsWith(port, StringComparison.Ordinal) ? authority[..^port.Length] : authority;

    private static bool Is(ReadOnlySpan<char> text, ReadOnlySpan<char> other) => text.Equals(other, StringComparison.OrdinalIgnoreCase);
}
