using Turnpike.IngressProxy.Upstream.Http1;
using Turnpike.Pipeline;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.Upstream;

/// <summary>The one way to the endpoints: what may go out goes to the client of the protocol that the endpoint speaks.</summary>
internal sealed class UpstreamClient : IUpstreamClient, IDisposable
{
    private readonly UpstreamReport _report;
    private readonly Http1UpstreamClient _http1;
    private readonly Http2UpstreamClient _http2;

    public UpstreamClient(UpstreamReport report, IDeadlines deadlines, TimeProvider time)
    {
        var connector = new EndpointConnector(report, time);
        _report = report;
        _http1 = new Http1UpstreamClient(connector, report, deadlines, time);
        _http2 = new Http2UpstreamClient(connector, report);
    }

    /// <inheritdoc/>
    public ValueTask<UpstreamResponse> SendAsync(UpstreamRequest request, CancellationToken cancellationToken)
    {
        if (RequestGuard.Fault(request) is { } fault)
        {
            _report.Refused(request.Endpoint.Endpoint.ToString(), fault);
            return ValueTask.FromException<UpstreamResponse>(new UpstreamException(UpstreamFailure.InvalidRequest, new InvalidDataException(fault)));
        }
        // WebSockets are a matter of HTTP/1.1, with TLS or without.
        return request.Protocol == UpstreamProtocol.Http2 && !request.IsWebSocket
            ? _http2.SendAsync(request, cancellationToken)
            : _http1.SendAsync(request, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _http1.Dispose();
        _http2.Dispose();
    }
}
