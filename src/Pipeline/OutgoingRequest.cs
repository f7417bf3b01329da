using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>
/// A request rewritten for upstream, before it is known which endpoint gets it. The object serves one request after the other.
/// </summary>
internal sealed class OutgoingRequest
{
    private readonly HeaderList _headers = new();
    private readonly UpstreamRequest _request;
    private string _method = "";
    private string _target = "";
    private bool _isWebSocket;

    public OutgoingRequest() => _request = new UpstreamRequest(_headers);

    public string Host { get; private set; } = "";

    /// <summary>Begins with another request.</summary>
    public OutgoingRequest Begin(Exchange exchange, Route route, Cluster cluster, bool trusted)
    {
        var request = exchange.Request;
        _method = request.Method;
        _target = request.Target;
        _isWebSocket = request.IsWebSocket;
        string? originalPath = null;
        if (route.Rewrite?.Path is { } path)
        {
            originalPath = _target;
            _target = PathRewrite.Rewrite(_target, exchange.MatchedPath, path);
        }
        Host = route.Rewrite?.Authority ?? cluster.Host ?? request.Authority;
        _headers.Clear();
        RequestHeaderRules.Forward(exchange, route, trusted, originalPath, _headers);
        return this;
    }

    /// <summary>Returns a copy of its own, for a mirror, which may outlast the request.</summary>
    public OutgoingRequest Copy()
    {
        var copy = new OutgoingRequest { _method = _method, _target = _target, _isWebSocket = _isWebSocket, Host = Host };
        _headers.CopyTo(copy._headers);
        return copy;
    }

    /// <summary>
    /// Returns the request for one attempt. It is the same object each time: the attempt before has ended, and nothing uses its request.
    /// </summary>
    public UpstreamRequest To(UpstreamEndpoint endpoint, Cluster cluster, BodyReader? body, long? length, string? host = null)
    {
        _request.Endpoint = endpoint;
        _request.Protocol = cluster.Protocol;
        _request.Tls = cluster.Tls;
        _request.ConnectTimeout = cluster.EffectiveConnectTimeout;
        _request.Method = _method;
        _request.Target = _target;
        _request.Host = host ?? Host;
        _request.Body = body;
        _request.ContentLength = length;
        _request.IsWebSocket = _isWebSocket;
        return _request;
    }

    /// <summary>Forgets the request.</summary>
    public void End()
    {
        _headers.Clear();
        _method = _target = Host = "";
        _request.Clear();
    }
}
