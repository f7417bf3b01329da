using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>
/// A request rewritten for upstream, before it is known which endpoint gets it. The object serves one request after the other.
/// </summary>
internal sealed class OutgoingRequest
{
    private readonly UpstreamRequest _request = new();

    /// <summary>Begins with another request.</summary>
    public OutgoingRequest Begin(Exchange exchange, Route route, Cluster cluster, bool trusted)
    {
        var request = exchange.Request;
        _request.ClearHead();
        _request.Method = request.Method;
        _request.IsWebSocket = request.IsWebSocket;
        if (route.Rewrite?.Path is { } path)
        {
            var room = _request.SetTarget(PathRewrite.RewrittenLength(request.Target, exchange.MatchedPath, path));
            PathRewrite.Rewrite(request.Target, exchange.MatchedPath, path, room);
        }
        else
        {
            _request.Target = request.Target;
        }
        if ((route.Rewrite?.Authority ?? cluster.Host) is { } host)
            _request.SetHost(host);
        else
            _request.Host = request.Authority;
        RequestHeaderRules.Forward(exchange, route, trusted, _request.Headers);
        return this;
    }

    /// <summary>Returns an independent copy, for a mirror, which may outlast the request.</summary>
    /// <param name="hostSuffix">The suffix of the host's name. It is not added to an address in brackets.</param>
    public OutgoingRequest Copy(ReadOnlySpan<byte> hostSuffix)
    {
        var copy = new OutgoingRequest();
        var request = copy._request;
        request.Method = _request.Method;
        request.Target = _request.Target;
        request.IsWebSocket = _request.IsWebSocket;
        var host = _request.Host;
        if (host.StartsWith((byte)'['))
        {
            request.Host = host;
        }
        else
        {
            // The suffix goes before a port.
            var end = host.LastIndexOf((byte)':') is >= 0 and var colon ? colon : host.Length;
            var room = request.SetHost(host.Length + hostSuffix.Length);
            host[..end].CopyTo(room);
            hostSuffix.CopyTo(room[end..]);
            host[end..].CopyTo(room[(end + hostSuffix.Length)..]);
        }
        _request.Headers.CopyTo(request.Headers);
        return copy;
    }

    /// <summary>
    /// Returns the request for one attempt. It is the same object each time: the attempt before has ended, and nothing uses its request.
    /// </summary>
    public UpstreamRequest To(UpstreamEndpoint endpoint, Cluster cluster, BodyReader? body, long? length)
    {
        _request.Endpoint = endpoint;
        _request.Protocol = cluster.Protocol;
        _request.Tls = cluster.Tls;
        _request.ConnectTimeout = cluster.EffectiveConnectTimeout;
        _request.Body = body;
        _request.ContentLength = length;
        return _request;
    }

    /// <summary>Forgets the request.</summary>
    public void End() => _request.Clear();
}
