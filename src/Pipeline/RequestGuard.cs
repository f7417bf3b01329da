using System.Collections.Frozen;
using Turnpike.Http;

namespace Turnpike.Pipeline;

/// <summary>
/// The last look at a request before it goes to an endpoint, whoever wrote which part of it: client, rule, mesh or annotation. What
/// breaks a rule is refused, never repaired. Both upstream protocols stand behind it.
/// </summary>
internal static class RequestGuard
{
    /// <summary>These belong to the connection or frame the message: the upstream client writes them, nobody else.</summary>
    private static readonly FrozenSet<string> Reserved = FrozenSet.ToFrozenSet(
        ["host", "content-length", "transfer-encoding", "connection", "upgrade", "keep-alive", "proxy-connection", "http2-settings"],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>What is wrong with a request; null where nothing is.</summary>
    public static string? Fault(UpstreamRequest request)
    {
        if (FaultOfStart(request.Method, request.Target, request.Host) is { } fault)
            return fault;
        if (request.ContentLength is < 0)
            return "the length of the body is negative";
        foreach (ref readonly var header in request.Headers.Items)
        {
            if ((Reserved.Contains(header.Name) ? "a header belongs to the connection" : FaultOf(header)) is { } wrong)
                return wrong;
        }
        return null;
    }

    /// <summary>What is wrong with a request as its client wrote it; null where nothing is, so that somebody else is to blame.</summary>
    public static string? Fault(RequestHead request)
    {
        if (FaultOfStart(request.Method, request.Target, request.Authority) is { } fault)
            return fault;
        foreach (ref readonly var header in request.Headers.Items)
        {
            if (FaultOf(header) is { } wrong)
                return wrong;
        }
        return null;
    }

    private static string? FaultOfStart(string method, string target, string host) =>
        !HttpSyntax.IsMethod(method) ? "the method is not a token"
        : method == "CONNECT" ? "the method CONNECT is not for endpoints"
        : !HttpSyntax.IsOriginForm(target) ? "the target is not visible ASCII that starts with a slash"
        : !Authority.IsValid(host) ? "Host is not a host with an optional port from 0 to 65535"
        : null;

    private static string? FaultOf(Header header) =>
        !HttpSyntax.IsFieldName(header.Name) ? "the name of a header is not a token"
        : !HttpSyntax.IsFieldValue(header.Value) ? "the value of a header has a character that may not go out"
        : null;
}
