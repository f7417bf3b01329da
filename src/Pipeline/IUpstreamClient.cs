using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>Sends requests to endpoints over HTTP.</summary>
internal interface IUpstreamClient
{
    /// <summary>
    /// Sends the request. Completes when the head of the response has arrived. The request belongs to the client until the response is
    /// disposed of, or until the call fails. The pipeline then fills the same object for another request.
    /// </summary>
    /// <exception cref="UpstreamException">There is no response.</exception>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled, which also ends the exchange.
    /// </exception>
    ValueTask<UpstreamResponse> SendAsync(UpstreamRequest request, CancellationToken cancellationToken);
}

/// <summary>
/// A request as it is sent to an endpoint, as bytes in one buffer. The object serves one request after the other. What it hands out may
/// be used until it is cleared.
/// </summary>
internal sealed class UpstreamRequest
{
    private readonly HeadBuffer _buffer = new();
    private HeadRange _method;
    private HeadRange _target;
    private HeadRange _host;

    public UpstreamRequest() => Headers = new HeaderList(_buffer);

    public UpstreamEndpoint Endpoint { get; set; } = null!;

    public UpstreamProtocol Protocol { get; set; }

    /// <summary>How TLS is spoken to the endpoint; null for cleartext.</summary>
    public UpstreamTls? Tls { get; set; }

    public TimeSpan ConnectTimeout { get; set; }

    public ReadOnlySpan<byte> Method { get => _buffer[_method]; set => _method = _buffer.Add(value); }

    /// <summary>Path and query, sent as they are. They start with a slash.</summary>
    public ReadOnlySpan<byte> Target { get => _buffer[_target]; set => _target = _buffer.Add(value); }

    public ReadOnlySpan<byte> Host { get => _buffer[_host]; set => _host = _buffer.Add(value); }

    /// <summary>The end-to-end headers, without Host, Content-Length and the others that belong to the connection.</summary>
    public HeaderList Headers { get; }

    public BodyReader? Body { get; set; }

    /// <summary>The length of the body in bytes; null when it is not announced.</summary>
    public long? ContentLength { get; set; }

    /// <summary>Whether the request asks for a WebSocket, which is always spoken over HTTP/1.1.</summary>
    public bool IsWebSocket { get; set; }

    /// <summary>Makes room for the target, which the caller fills.</summary>
    public Span<byte> SetTarget(int length) => _buffer.Add(length, out _target);

    /// <summary>Makes room for the host, which the caller fills.</summary>
    public Span<byte> SetHost(int length) => _buffer.Add(length, out _host);

    /// <summary>Sets the host to one that the table has as text.</summary>
    public void SetHost(string host) => _host = _buffer.Add(host);

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Endpoint = null!;
        Tls = null;
        Body = null;
        ContentLength = null;
        IsWebSocket = false;
        ClearHead();
    }

    /// <summary>Forgets method, target, host and headers.</summary>
    public void ClearHead()
    {
        _method = _target = _host = default;
        Headers.Clear();
        _buffer.Clear();
    }
}

/// <summary>
/// A response whose body has not been read. Disposing of it ends the exchange with the endpoint, whether it was over or not.
/// </summary>
internal abstract class UpstreamResponse : IAsyncDisposable
{
    public abstract int Status { get; }

    /// <summary>Adds the headers as they were received, hop-by-hop ones included.</summary>
    public abstract void CopyHeadersTo(HeaderList headers);

    public abstract BodyReader Body { get; }

    /// <summary>Adds the trailers to the client's response. The body must have been read to its end before.</summary>
    public abstract void CopyTrailersTo(Exchange exchange);

    /// <summary>Completes when all of the request that can be sent has been sent. An endpoint may respond before. It never fails.</summary>
    public virtual Task RequestSent => Task.CompletedTask;

    /// <summary>Ends the sending of the request. Afterwards nothing reads its body any more.</summary>
    public virtual ValueTask StopRequestAsync() => default;

    /// <summary>Hands over the connection itself, after status 101.</summary>
    public abstract ByteChannel TakeConnection();

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}

internal enum UpstreamFailure
{
    /// <summary>There was no connection, so the request was not sent.</summary>
    Connect,

    /// <summary>
    /// There was a connection, but the TLS handshake on it failed, or the endpoint could not be verified. The request was not sent.
    /// </summary>
    Handshake,

    /// <summary>The endpoint said that it did not look at the request (HTTP/2 REFUSED_STREAM).</summary>
    Refused,

    /// <summary>The connection broke.</summary>
    Reset,

    /// <summary>The response breaks a rule of HTTP.</summary>
    Malformed,

    /// <summary>The request breaks a rule of HTTP, so it was not sent.</summary>
    InvalidRequest,
}

internal sealed class UpstreamException(UpstreamFailure failure, Exception inner) : IOException(inner.Message, inner)
{
    public UpstreamFailure Failure { get; } = failure;
}
