using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>A request rewritten for upstream, before it is known which endpoint gets it.</summary>
internal sealed class OutgoingRequest
{
    private readonly string _method;
    private readonly string _target;
    private readonly HeaderList _headers;
    private readonly bool _isWebSocket;

    private OutgoingRequest(string method, string target, string host, HeaderList headers, bool isWebSocket)
    {
        _method = method;
        _target = target;
        Host = host;
        _headers = headers;
        _isWebSocket = isWebSocket;
    }

    public string Host { get; }

    public static OutgoingRequest Create(Exchange exchange, Route route, Cluster cluster, bool trusted)
    {
        var request = exchange.Request;
        var target = request.Target;
        string? originalPath = null;
        if (route.Rewrite?.Path is { } path)
        {
            originalPath = target;
            target = PathRewrite.Rewrite(target, exchange.MatchedPath, path);
        }
        return new OutgoingRequest(
            request.Method,
            target,
            route.Rewrite?.Authority ?? cluster.Host ?? request.Authority,
            RequestHeaderRules.Forward(exchange, route, trusted, originalPath),
            request.IsWebSocket);
    }

    public UpstreamRequest To(UpstreamEndpoint endpoint, Cluster cluster, BodyReader? body, long? length, string? host = null) => new()
    {
        Endpoint = endpoint,
        Protocol = cluster.Protocol,
        Tls = cluster.Tls,
        ConnectTimeout = cluster.EffectiveConnectTimeout,
        Method = _method,
        Target = _target,
        Host = host ?? Host,
        Headers = _headers,
        Body = body,
        ContentLength = length,
        IsWebSocket = _isWebSocket,
    };
}
