using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>
/// One request and its answer, as the front hands them to the pipeline. When the pipeline returns without having written
/// anything, the answer is <see cref="Response"/> without a body.
/// </summary>
internal abstract class Exchange
{
    public abstract ConnectionFacts Connection { get; }

    public RequestHead Request { get; } = new();

    /// <summary>What the path of the request was matched by: the Ingress's path and the rule's combined. A rewrite replaces it.</summary>
    public PathMatch MatchedPath { get; set; } = PathMatch.Any;

    /// <summary>To be filled before the first byte of the body; too late afterwards.</summary>
    public ResponseHead Response { get; } = new();

    /// <summary>What becomes of it on its way.</summary>
    public RequestTrace Trace { get; } = new();

    /// <summary>Null where the request has none.</summary>
    public abstract BodyReader? RequestBody { get; }

    /// <summary>Writing to it sends the head.</summary>
    public abstract BodyWriter ResponseBody { get; }

    /// <summary>The head is out: the status cannot change any more.</summary>
    public abstract bool ResponseStarted { get; }

    /// <summary>Cancelled when the client went away.</summary>
    public abstract CancellationToken ClientGone { get; }

    /// <summary>Sent after the body, where this client's protocol has trailers.</summary>
    public abstract void AddTrailer(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value);

    /// <summary>Accepts a WebSocket handshake with the headers of <see cref="Response"/>, and hands over the connection.</summary>
    public abstract ValueTask<ByteChannel> AcceptUpgradeAsync(CancellationToken cancellationToken);

    /// <summary>Breaks the stream so that the client notices that the answer is not whole.</summary>
    public abstract void Abort();
}

/// <summary>The client's fault while its body was read.</summary>
internal sealed class RequestBodyException(int status, string message, Exception? inner) : IOException(message, inner)
{
    /// <summary>What it deserves as an answer.</summary>
    public int Status { get; } = status;
}

/// <summary>Writing to the client failed because there is no client any more.</summary>
internal sealed class ClientGoneException() : IOException("the client went away");
