using System.Text;
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
    private static readonly KnownHeaderSet ConnectionSpecific =
        [KnownHeader.Connection, KnownHeader.KeepAlive, KnownHeader.ProxyConnection, KnownHeader.TransferEncoding, KnownHeader.Upgrade];

    // RFC 9110 §6.5.1: what comes after the content does not decide framing, routing and authentication.
    private static readonly KnownHeaderSet NoTrailers =
    [
        KnownHeader.Connection, KnownHeader.KeepAlive, KnownHeader.ProxyConnection, KnownHeader.TransferEncoding, KnownHeader.Upgrade,
        KnownHeader.Te, KnownHeader.Trailer, KnownHeader.Host, KnownHeader.ContentLength, KnownHeader.Authorization,
        KnownHeader.ProxyAuthorization, KnownHeader.Cookie, KnownHeader.Expect, KnownHeader.ContentEncoding, KnownHeader.ContentType,
        KnownHeader.ContentRange, KnownHeader.Range,
    ];

    /// <summary>Returns true when everything but the target, which <see cref="TryTakeTarget"/> looks at, is as HTTP wants it.</summary>
    public static bool IsWellFormed(RequestHead head)
    {
        if (!HttpSyntax.IsMethod(head.Method) || !Authority.IsValid(head.Authority))
            return false;
        var codings = 0;
        foreach (var header in head.Headers)
        {
            if (!HttpSyntax.IsFieldName(header.Name) || !HttpSyntax.IsFieldValue(header.Value))
                return false;
            if (head.Version == HttpGeneration.Http2)
            {
                if (ConnectionSpecific.Contains(header.Known) || (header.Known == KnownHeader.Te && !Is(header.Value, "trailers"u8)))
                    return false;
            }
            else if (header.Known == KnownHeader.TransferEncoding && (++codings > 1 || !Is(header.Value, "chunked"u8)))
            {
                // The server takes off only the outer coding; what is below would pass for the content.
                return false;
            }
        }
        // A length beside a coding is how one request is smuggled in another.
        return codings == 0 || head.ContentLength is null;
    }

    /// <summary>Returns true when the field may come after the content.</summary>
    public static bool IsTrailer(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        HttpSyntax.IsFieldName(name) && HttpSyntax.IsFieldValue(value) && !NoTrailers.Contains(KnownHeaders.Of(name));

    /// <summary>
    /// Makes path and query of a request target, with each byte above 0x7f percent-encoded. A target in absolute form has to name the
    /// authority that the request names besides. What is neither stays as it is, for a later place to refuse.
    /// </summary>
    /// <param name="head">
    /// Has its authority, and gets a target that starts with a slash, except for <c>*</c> and the target of CONNECT.
    /// </param>
    /// <param name="target">The target as the client wrote it.</param>
    /// <returns>False when it is malformed.</returns>
    public static bool TryTakeTarget(RequestHead head, ReadOnlySpan<byte> target)
    {
        if (target.StartsWith((byte)'/'))
        {
            SetTarget(head, target);
            return HttpSyntax.IsOriginForm(head.Target);
        }
        var scheme = target.IndexOf("://"u8);
        if (scheme < 0)
        {
            head.Target = target;
            return HttpSyntax.IsFieldValue(target);
        }
        if (!TryFindPath(target, scheme, head.Authority, out var path))
            return false;
        SetTarget(head, path);
        return HttpSyntax.IsOriginForm(head.Target);
    }

    /// <summary>Sets the target. A path that is empty gets its slash.</summary>
    private static void SetTarget(RequestHead head, ReadOnlySpan<byte> path)
    {
        var slash = path.StartsWith((byte)'/') ? 0 : 1;
        var room = head.SetTarget(slash + RequestTarget.EncodedLength(path));
        room[..slash].Fill((byte)'/');
        RequestTarget.Encode(path, room[slash..]);
    }

    private static bool TryFindPath(
        ReadOnlySpan<byte> target, int schemeLength, ReadOnlySpan<byte> authority, out ReadOnlySpan<byte> path)
    {
        path = default;
        var scheme = target[..schemeLength];
        var port = Is(scheme, "http"u8) ? ":80"u8 : Is(scheme, "https"u8) ? ":443"u8 : default;
        if (port.IsEmpty)
            return false;
        var rest = target[(schemeLength + "://".Length)..];
        var end = rest.IndexOfAny((byte)'/', (byte)'?') is >= 0 and var at ? at : rest.Length;
        if (!Is(WithoutPort(rest[..end], port), WithoutPort(authority, port)))
            return false;
        path = rest[end..];
        return true;
    }

    private static ReadOnlySpan<byte> WithoutPort(ReadOnlySpan<byte> authority, ReadOnlySpan<byte> port) =>
        authority.EndsWith(port) ? authority[..^port.Length] : authority;

    private static bool Is(ReadOnlySpan<byte> text, ReadOnlySpan<byte> other) => Ascii.EqualsIgnoreCase(text, other);
}
