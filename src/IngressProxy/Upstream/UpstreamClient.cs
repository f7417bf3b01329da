using Turnpike.IngressProxy.Upstream.Http1;
using Turnpike.Pipeline;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.Upstream;

/// <summary>
/// The only way to the endpoints. It refuses requests that may not go out, and hands the others to the client of the endpoint's protocol.
/// </summary>
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
            var failure = new UpstreamException(UpstreamFailure.InvalidRequest, new InvalidDataException(fault));
            return ValueTask.FromException<UpstreamResponse>(failure);
        }
        // WebSockets are always spoken over HTTP/1.1, with TLS or without.
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
