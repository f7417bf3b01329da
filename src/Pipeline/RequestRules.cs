using System.Text;
using Turnpike.Http;

namespace Turnpike.Pipeline;

/// <summary>
/// Checks a request before anything else is done with it. All that a client says in a head or in trailers is checked here. A request that
/// breaks a rule is refused and not repaired, in every version of HTTP, so that nothing of it reaches a condition, an endpoint, a
/// redirect or a log.
/// </summary>
internal static class RequestRules
{
    // RFC 9113 §8.2.2. HTTP/2 has other means for all that these headers do.
    private static readonly KnownHeaderSet ConnectionSpecific =
        [KnownHeader.Connection, KnownHeader.KeepAlive, KnownHeader.ProxyConnection, KnownHeader.TransferEncoding, KnownHeader.Upgrade];

    // RFC 9110 §6.5.1: fields for framing, routing, authentication or the format of the content must not be trailers.
    private static readonly KnownHeaderSet NoTrailers =
    [
        KnownHeader.Connection, KnownHeader.KeepAlive, KnownHeader.ProxyConnection, KnownHeader.TransferEncoding, KnownHeader.Upgrade,
        KnownHeader.Te, KnownHeader.Trailer, KnownHeader.Host, KnownHeader.ContentLength, KnownHeader.Authorization,
        KnownHeader.ProxyAuthorization, KnownHeader.Cookie, KnownHeader.Expect, KnownHeader.ContentEncoding, KnownHeader.ContentType,
        KnownHeader.ContentRange, KnownHeader.Range,
    ];

    /// <summary>
    /// Returns true when everything but the target, which <see cref="TryTakeTarget"/> checks, follows the rules of HTTP.
    /// </summary>
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
                // The server removes only the outermost coding, so an inner one would be taken for content.
                return false;
            }
        }
        // A request with both a length and a transfer coding is a way to smuggle one request inside another.
        return codings == 0 || head.ContentLength is null;
    }

    /// <summary>Returns true when the field may come after the content.</summary>
    public static bool IsTrailer(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        HttpSyntax.IsFieldName(name) && HttpSyntax.IsFieldValue(value) && !NoTrailers.Contains(KnownHeaders.Of(name));

    /// <summary>
    /// Sets the target of a head to the path and query of a request target, with each byte above 0x7f percent-encoded. A target in
    /// absolute form must name the same authority as the request itself. A target that is neither a path nor in absolute form stays as it
    /// is, and the pipeline refuses it later.
    /// </summary>
    /// <param name="head">
    /// The head, whose authority is set. It gets a target that starts with a slash, except for <c>*</c> and the target of CONNECT.
    /// </param>
    /// <param name="target">The target as the client wrote it.</param>
    /// <returns>False when the target is malformed.</returns>
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

    /// <summary>Sets the target, with a slash before a path that does not start with one.</summary>
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
