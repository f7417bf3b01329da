using Turnpike.Http;

namespace Turnpike.Pipeline;

/// <summary>
/// Checks a request for the last time before it goes to an endpoint, because a client, a rule, the mesh or an annotation may have written
/// parts of it. A request that breaks a rule is refused, never repaired. The check is the same for both upstream protocols.
/// </summary>
internal static class RequestGuard
{
    /// <summary>These headers belong to the connection or frame the message; only the upstream client writes them.</summary>
    private static readonly KnownHeaderSet Reserved =
    [
        KnownHeader.Host, KnownHeader.ContentLength, KnownHeader.TransferEncoding, KnownHeader.Connection, KnownHeader.Upgrade,
        KnownHeader.KeepAlive, KnownHeader.ProxyConnection, KnownHeader.Http2Settings,
    ];

    /// <summary>Returns what is wrong with a request that is about to be sent to an endpoint; null when nothing is.</summary>
    public static string? Fault(UpstreamRequest request)
    {
        if (FaultOfStart(request.Method, request.Target, request.Host) is { } fault)
            return fault;
        if (request.ContentLength is < 0)
            return "the length of the body is negative";
        foreach (var header in request.Headers)
        {
            if ((Reserved.Contains(header.Known) ? "a header belongs to the connection" : FaultOf(header)) is { } wrong)
                return wrong;
        }
        return null;
    }

    /// <summary>Returns what is wrong with a request as its client wrote it; null when nothing is, so the client is not at fault.</summary>
    public static string? Fault(RequestHead request)
    {
        if (FaultOfStart(request.Method, request.Target, request.Authority) is { } fault)
            return fault;
        foreach (var header in request.Headers)
        {
            if (FaultOf(header) is { } wrong)
                return wrong;
        }
        return null;
    }

    private static string? FaultOfStart(ReadOnlySpan<byte> method, ReadOnlySpan<byte> target, ReadOnlySpan<byte> host) =>
        !HttpSyntax.IsMethod(method) ? "the method is not a token"
        : method.SequenceEqual("CONNECT"u8) ? "the method CONNECT is not for endpoints"
        : !HttpSyntax.IsOriginForm(target) ? "the target is not visible ASCII that starts with a slash"
        : !Authority.IsValid(host) ? "Host is not a host with an optional port from 0 to 65535"
        : null;

    private static string? FaultOf(Header header) =>
        !HttpSyntax.IsFieldName(header.Name) ? "the name of a header is not a token"
        : !HttpSyntax.IsFieldValue(header.Value) ? "the value of a header has a character that may not go out"
        : null;
}
