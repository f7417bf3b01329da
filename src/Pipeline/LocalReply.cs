using System.Text;
using Turnpike.Http;

namespace Turnpike.Pipeline;

/// <summary>Makes the responses that the proxy sends itself, without an upstream.</summary>
internal static class LocalReply
{
    public const string NoHealthyUpstream = "no healthy upstream";
    public const string AuthorityMissing = "upstream certificate authority is missing";
    public const string HandshakeFailed = "upstream TLS handshake failed";
    public const string UpstreamTimeout = "upstream request timeout";
    public const string UpstreamReset = "upstream connect error or disconnect/reset before headers";
    public const string UpstreamMalformed = "upstream response is malformed";
    public const string InvalidRequest = "request may not be sent upstream";
    public const string FaultAbort = "fault filter abort";
    public const string NoWebSocket = "WebSockets are not allowed here";
    public const string NotAPath = "the target of the request is not a path";
    public const string NoTunnel = "CONNECT is not served";

    /// <summary>
    /// Responds with a status and, unless it is empty, a line of ASCII text. A gRPC request gets an error in the form of gRPC instead.
    /// </summary>
    public static ValueTask SendAsync(Exchange exchange, int status, string text = "")
    {
        var head = exchange.Response;
        if (status >= 400 && GrpcStatusReply.Wants(exchange.Request))
        {
            GrpcStatusReply.Fill(head, status, text);
            return default;
        }
        head.Status = status;
        head.Headers.Set(KnownHeader.Server, ResponseHeaderRules.ServerName);
        if (HasBody(status))
            head.Headers.Set(KnownHeader.ContentLength, text.Length);
        if (text.Length > 0)
        {
            head.Headers.Set(KnownHeader.ContentType, "text/plain"u8);
            // The text may contain what the client wrote. A browser must not interpret it as another content type.
            head.Headers.Set(KnownHeader.XContentTypeOptions, "nosniff"u8);
        }
        head.ApplyPolicies();
        return text.Length == 0 || exchange.Request.IsHead || !HasBody(status)
            ? default
            : exchange.ResponseBody.WriteAsync(Encoding.ASCII.GetBytes(text), CancellationToken.None);
    }

    /// <summary>
    /// Responds with 503 to a request whose cluster does not exist (null), has no endpoint, or lacks its certificate authority.
    /// </summary>
    public static ValueTask SendNoUpstreamAsync(Exchange exchange, ClusterState? cluster)
    {
        var lacksAuthority = cluster is { Cluster.LacksAuthority: true };
        exchange.Trace.Reason = lacksAuthority ? ReplyReason.UpstreamAuthorityMissing : ReplyReason.NoHealthyUpstream;
        return SendAsync(exchange, 503, lacksAuthority ? AuthorityMissing : NoHealthyUpstream);
    }

    /// <summary>Responds to a request that failed between the proxy and the endpoint.</summary>
    public static ValueTask SendFailureAsync(Exchange exchange, UpstreamFailure failure)
    {
        exchange.Trace.Reason = ReasonOf(failure);
        return SendAsync(exchange, failure);
    }

    /// <summary>
    /// Responds with 503 to a request for which a circuit breaker or the memory budget left no room. The header
    /// <c>x-envoy-overloaded</c> keeps other proxies from retrying it.
    /// </summary>
    public static ValueTask SendOverflowAsync(Exchange exchange)
    {
        exchange.Trace.Reason = ReplyReason.Overloaded;
        exchange.Response.Headers.Set(KnownHeader.XEnvoyOverloaded, "true"u8);
        return SendAsync(exchange, 503, UpstreamReset);
    }

    private static ValueTask SendAsync(Exchange exchange, UpstreamFailure failure) => failure switch
    {
        UpstreamFailure.Malformed => SendAsync(exchange, 502, UpstreamMalformed),
        UpstreamFailure.Handshake => SendAsync(exchange, 503, HandshakeFailed),
        // A request that is invalid as the client wrote it is the client's fault. Otherwise a rule, the mesh or the proxy made it invalid.
        UpstreamFailure.InvalidRequest => RequestGuard.Fault(exchange.Request) is null ? SendAsync(exchange, 500, InvalidRequest) : SendAsync(exchange, 400),
        _ => SendAsync(exchange, 503, UpstreamReset),
    };

    private static ReplyReason ReasonOf(UpstreamFailure failure) => failure switch
    {
        UpstreamFailure.Connect => ReplyReason.UpstreamConnectFailed,
        UpstreamFailure.Handshake => ReplyReason.UpstreamHandshakeFailed,
        UpstreamFailure.Malformed => ReplyReason.UpstreamMalformed,
        UpstreamFailure.InvalidRequest => ReplyReason.InvalidRequest,
        _ => ReplyReason.UpstreamReset,
    };

    private static bool HasBody(int status) => status is >= 200 and not 204 and not 304;
}
