using System.Net.Security;
using System.Net.Sockets;
using Turnpike.Http;
using Turnpike.Pipeline;

namespace Turnpike.IngressProxy.Upstream.Http1;

/// <summary>
/// The upstream client for HTTP/1.1, over its own sockets. Request and response are transferred at the same time, and responses are parsed
/// strictly.
/// </summary>
internal sealed class Http1UpstreamClient(EndpointConnector connector, UpstreamReport report, IDeadlines deadlines, TimeProvider time)
    : IUpstreamClient, IDisposable
{
    private const int MaxInterimResponses = 32;

    private readonly ConnectionPool _pool = new(time);

    /// <summary>The number of endpoints that have idle connections.</summary>
    public int IdleEndpoints => _pool.EndpointCount;

    /// <inheritdoc/>
    public async ValueTask<UpstreamResponse> SendAsync(UpstreamRequest request, CancellationToken cancellationToken)
    {
        var key = PoolKey.Of(request);
        if (_pool.TryTake(key) is { } pooled)
        {
            var response = await ExchangeAsync(pooled, key, request, cancellationToken);
            if (response is not null)
                return response;
            report.StaleConnection();
        }
        var endpoint = request.Endpoint.Endpoint;
        var opened = await connector.ConnectAsync(
            endpoint, request.Tls, SslApplicationProtocol.Http11, request.ConnectTimeout, cancellationToken);
        var connection = new Http1Connection(Transport.Of(opened), endpoint.ToString());
        return (await ExchangeAsync(connection, key, request, cancellationToken))!;
    }

    /// <inheritdoc/>
    public void Dispose() => _pool.Dispose();

    /// <summary>
    /// Sends the request and receives the head of the response. Returns null when the connection had been used before and ended without a
    /// byte of a response, and the request may be sent again: the endpoint closed the idle connection at that moment.
    /// </summary>
    private async Task<UpstreamResponse?> ExchangeAsync(
        Http1Connection connection, PoolKey key, UpstreamRequest request, CancellationToken cancellationToken)
    {
        connection.Begin();
        var sender = new RequestSender(connection, request, deadlines, cancellationToken);
        try
        {
            await sender.StartAsync(cancellationToken);
            await ReceiveFinalHeadAsync(connection, request, sender, cancellationToken);
            return new Http1Response(_pool, key, connection, sender, fault => report.Malformed(connection.Peer, fault));
        }
        catch (Exception e)
        {
            // The reading of the client's body must have stopped before a later attempt reads it.
            await sender.StopAsync();
            connection.Dispose();
            if (sender.ClientFault is { } fault)
                throw fault;
            if (cancellationToken.IsCancellationRequested)
                throw new OperationCanceledException(e.Message, e, cancellationToken);
            if (e is UpstreamException)
                throw;
            if (e is not (SocketException or ObjectDisposedException or EndOfStreamException))
                throw;
            return IsStale(connection) && MayRepeat(connection, request) ? null : throw new UpstreamException(UpstreamFailure.Reset, e);
        }
    }

    private async ValueTask ReceiveFinalHeadAsync(
        Http1Connection connection, UpstreamRequest request, RequestSender sender, CancellationToken cancellationToken)
    {
        for (var interim = 0; interim <= MaxInterimResponses; interim++)
        {
            var parser = connection.Parser;
            parser.Begin(request.Method.SequenceEqual("HEAD"u8), request.IsWebSocket);
            if (!await connection.ReceiveHeadAsync(cancellationToken))
                throw new EndOfStreamException("the connection ended before the response");
            if (parser.Fault is { } fault)
                throw Malformed(connection, fault);
            if (!parser.IsInterim)
                return;
            if (parser.Status == 100)
                sender.GoAhead();
            connection.PassHead();
        }
        throw Malformed(connection, "there are more than 32 interim responses");
    }

    private UpstreamException Malformed(Http1Connection connection, string fault)
    {
        report.Malformed(connection.Peer, fault);
        return new UpstreamException(UpstreamFailure.Malformed, new InvalidDataException(fault));
    }

    private static bool IsStale(Http1Connection connection) => connection is { IsReused: true, HasReceived: false };

    /// <summary>
    /// Returns true when the request is idempotent or nothing of it was sent, and its body can be read again from the beginning.
    /// </summary>
    private static bool MayRepeat(Http1Connection connection, UpstreamRequest request) =>
        (Methods.IsIdempotent(request.Method) || !connection.HasSent) && (request.Body is null || request.Body.TryRewind());
}
