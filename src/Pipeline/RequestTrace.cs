namespace Turnpike.Pipeline;

/// <summary>Why a request got another response than that of an endpoint.</summary>
internal enum ReplyReason
{
    /// <summary>It got an endpoint's response, whole.</summary>
    None,
    NoRoute,

    /// <summary>It breaks a rule of HTTP, or asks for what no proxy of this kind does.</summary>
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

    /// <summary>Circuit limits or memory left no room for it.</summary>
    Overloaded,

    /// <summary>It may not be sent upstream as it is.</summary>
    InvalidRequest,
    RequestBodyFailed,
    ClientStalled,
    ClientGone,
    InternalError,
}

/// <summary>What happens to a request on its way, for the access log. Made to be cleared and used again.</summary>
internal sealed class RequestTrace
{
    public ReplyReason Reason { get; set; }

    /// <summary>The endpoint that was asked last.</summary>
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
