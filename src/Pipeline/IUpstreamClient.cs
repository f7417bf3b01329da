using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>Speaks HTTP to the endpoints.</summary>
internal interface IUpstreamClient
{
    /// <summary>
    /// Sends the request; completes when the head of the response is there. The request belongs to the client until the response is disposed of,
    /// or until there is none; the pipeline then fills the same object for another one.
    /// </summary>
    /// <exception cref="UpstreamException">There is no response.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled, which also ends the exchange.</exception>
    ValueTask<UpstreamResponse> SendAsync(UpstreamRequest request, CancellationToken cancellationToken);
}

/// <summary>A request as it is sent to an endpoint. The object serves one request after the other.</summary>
/// <param name="headers">The end-to-end headers, without Host, Content-Length and the others that belong to the connection.</param>
internal sealed class UpstreamRequest(HeaderList headers)
{
    public UpstreamEndpoint Endpoint { get; set; } = null!;

    public UpstreamProtocol Protocol { get; set; }

    /// <summary>Null for cleartext.</summary>
    public UpstreamTls? Tls { get; set; }

    public TimeSpan ConnectTimeout { get; set; }

    public string Method { get; set; } = "";

    /// <summary>Path and query, sent as they are; starts with a slash.</summary>
    public string Target { get; set; } = "";

    public string Host { get; set; } = "";

    /// <summary>The end-to-end headers, without Host, Content-Length and the others that belong to the connection.</summary>
    public HeaderList Headers { get; } = headers;

    public BodyReader? Body { get; set; }

    /// <summary>The length of the body; null where it is not announced.</summary>
    public long? ContentLength { get; set; }

    /// <summary>Asks for a WebSocket, which is always spoken over HTTP/1.1.</summary>
    public bool IsWebSocket { get; set; }

    /// <summary>Forgets everything but the headers.</summary>
    public void Clear()
    {
        Endpoint = null!;
        Tls = null;
        Body = null;
        Method = Target = Host = "";
    }
}

/// <summary>An answer whose body is still to come. Disposing of it ends the exchange with the endpoint, whether it was over or not.</summary>
internal abstract class UpstreamResponse : IAsyncDisposable
{
    public abstract int Status { get; }

    /// <summary>As received, hop-by-hop ones included.</summary>
    public abstract void CopyHeadersTo(HeaderList headers);

    public abstract BodyReader Body { get; }

    /// <summary>To be asked after the end of the body.</summary>
    public abstract void CopyTrailersTo(Exchange exchange);

    /// <summary>Completes when all of the request is sent that can be; an endpoint may respond before. It never fails.</summary>
    public virtual Task RequestSent => Task.CompletedTask;

    /// <summary>Ends the sending of the request; afterwards nothing reads its body any more.</summary>
    public virtual ValueTask StopRequestAsync() => default;

    /// <summary>Hands over the connection itself, after status 101.</summary>
    public abstract ByteChannel TakeConnection();

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}

internal enum UpstreamFailure
{
    /// <summary>No connection: the request was not sent.</summary>
    Connect,

    /// <summary>The same, where there is a connection and the TLS handshake on it failed, or showed somebody who is not to be spoken to.</summary>
    Handshake,

    /// <summary>The endpoint said that it did not look at the request (HTTP/2 REFUSED_STREAM).</summary>
    Refused,

    /// <summary>The connection broke.</summary>
    Reset,

    /// <summary>What came breaks a rule of HTTP.</summary>
    Malformed,

    /// <summary>The request breaks a rule of HTTP: it was not sent.</summary>
    InvalidRequest,
}

internal sealed class UpstreamException(UpstreamFailure failure, Exception inner) : IOException(inner.Message, inner)
{
    public UpstreamFailure Failure { get; } = failure;
}
