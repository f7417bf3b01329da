namespace Turnpike.Pipeline;

/// <summary>The reason why the client did not get an endpoint's whole response.</summary>
internal enum ReplyReason
{
    /// <summary>The client got an endpoint's whole response.</summary>
    None,
    NoRoute,

    /// <summary>The request breaks a rule of HTTP, or asks for something that a reverse proxy does not do.</summary>
    NotServed,
    Redirected,
    DirectResponse,
    Preflight,
    WebSocketNotAllowed,
    FaultAbort,
    NoHealthyUpstream,
    UpstreamAuthorityMissing,
    UpstreamConnectFailed,
    UpstreamHandshakeFailed,
    UpstreamReset,
    UpstreamTimeout,
    UpstreamMalformed,

    /// <summary>A circuit breaker or the memory budget left no room for the request.</summary>
    Overloaded,

    /// <summary>The request may not be sent upstream as it is.</summary>
    InvalidRequest,
    RequestBodyFailed,
    ClientStalled,
    ClientGone,
    InternalError,
}

/// <summary>Records what has happened to a request so far, for the access log. The object serves one request after the other.</summary>
internal sealed class RequestTrace
{
    public ReplyReason Reason { get; set; }

    /// <summary>The endpoint that the request was last sent to.</summary>
    public UpstreamEndpoint? Upstream { get; private set; }

    public int Tries { get; private set; }

    public void Asked(UpstreamEndpoint endpoint)
    {
        Upstream = endpoint;
        Tries++;
    }

    public void Clear()
    {
        Reason = ReplyReason.None;
        Upstream = null;
        Tries = 0;
    }
}
