using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>
/// One request and its response, as the front hands them to the pipeline. When the pipeline returns without having written
/// anything, the front sends <see cref="Response"/> without a body.
/// </summary>
internal abstract class Exchange
{
    public abstract ConnectionFacts Connection { get; }

    public RequestHead Request { get; } = new();

    /// <summary>The condition that the request's path met: the Ingress's and the rule's combined. A rewrite replaces that part.</summary>
    public PathMatch MatchedPath { get; set; } = PathMatch.Any;

    /// <summary>The head of the response. It must be complete before the first byte of the body is written.</summary>
    public ResponseHead Response { get; } = new();

    /// <summary>The record of what happens to the request.</summary>
    public RequestTrace Trace { get; } = new();

    /// <summary>The body of the request; null when it has none.</summary>
    public abstract BodyReader? RequestBody { get; }

    /// <summary>The destination of the response's body. The first write sends the head.</summary>
    public abstract BodyWriter ResponseBody { get; }

    /// <summary>Whether the head has been sent, so that the status cannot change any more.</summary>
    public abstract bool ResponseStarted { get; }

    /// <summary>A token that is cancelled when the client goes away.</summary>
    public abstract CancellationToken ClientGone { get; }

    /// <summary>Adds a trailer, which is sent after the body if the client's protocol has trailers.</summary>
    public abstract void AddTrailer(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value);

    /// <summary>Accepts a WebSocket handshake with the headers of <see cref="Response"/>, and hands over the connection.</summary>
    public abstract ValueTask<ByteChannel> AcceptUpgradeAsync(CancellationToken cancellationToken);

    /// <summary>Breaks the stream so that the client notices that the response is incomplete.</summary>
    public abstract void Abort();
}

/// <summary>Thrown when the body of a request cannot be read through the client's fault.</summary>
internal sealed class RequestBodyException(int status, string message, Exception? inner) : IOException(message, inner)
{
    /// <summary>The status of the local reply.</summary>
    public int Status { get; } = status;
}

/// <summary>Thrown when a write to the client fails because the client has gone away.</summary>
internal sealed class ClientGoneException() : IOException("the client went away");
