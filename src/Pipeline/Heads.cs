using Turnpike.Http;
using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>
/// A request without its body, as bytes in one buffer. It is made to be cleared and filled again. What it hands out may be used until it is
/// cleared.
/// </summary>
internal sealed class RequestHead
{
    private readonly HeadBuffer _buffer = new();
    private HeadRange _method;
    private HeadRange _target;
    private HeadRange _authority;
    private HeadRange _scheme;

    public RequestHead() => Headers = new HeaderList(_buffer);

    /// <summary>The method. For a WebSocket over HTTP/2 (RFC 8441) it is <c>GET</c>, as over HTTP/1.1.</summary>
    public ReadOnlySpan<byte> Method { get => _buffer[_method]; set => _method = _buffer.Add(value); }

    /// <summary>Whether the request breaks a rule of HTTP. Then it is refused, and nothing else in it means anything.</summary>
    public bool IsMalformed { get; set; }

    /// <summary>Path and query as the client wrote them, in ASCII: bytes beyond that are percent-encoded.</summary>
    public ReadOnlySpan<byte> Target { get => _buffer[_target]; set => _target = _buffer.Add(value); }

    /// <summary>The authority as the client wrote it; empty when it sent none.</summary>
    public ReadOnlySpan<byte> Authority { get => _buffer[_authority]; set => _authority = _buffer.Add(value); }

    /// <summary>The scheme of the listener, whatever the client says.</summary>
    public ReadOnlySpan<byte> Scheme { get => _buffer[_scheme]; set => _scheme = _buffer.Add(value); }

    public HttpGeneration Version { get; set; }

    /// <summary>Whether the request is the handshake of a WebSocket, in the form that this version of HTTP has for it.</summary>
    public bool IsWebSocket { get; set; }

    /// <summary>The length of the body in bytes; null when it is not announced.</summary>
    public long? ContentLength { get; set; }

    public HeaderList Headers { get; }

    public bool IsHead => Method.SequenceEqual("HEAD"u8);

    /// <summary>The part of the request that routing looks at.</summary>
    public RequestKey Key => new(Method, Scheme, Authority, Target);

    /// <summary>Makes room for the target, which the caller fills.</summary>
    public Span<byte> SetTarget(int length) => _buffer.Add(length, out _target);

    public void Clear()
    {
        _method = _target = _authority = _scheme = default;
        Version = default;
        IsWebSocket = IsMalformed = false;
        ContentLength = null;
        Headers.Clear();
        _buffer.Clear();
    }
}

internal enum HttpGeneration
{
    Http10,
    Http11,
    Http2,
}

/// <summary>A response without its body, as bytes in one buffer. It is made to be cleared and filled again.</summary>
internal sealed class ResponseHead
{
    private readonly HeadBuffer _buffer = new();

    public ResponseHead()
    {
        Headers = new HeaderList(_buffer);
        PolicyHeaders = new HeaderList(_buffer);
    }

    public int Status { get; set; } = 200;

    public HeaderList Headers { get; }

    /// <summary>The headers that the policies of the route add to every response; they replace headers of the same name.</summary>
    public HeaderList PolicyHeaders { get; }

    /// <summary>Whether the response depends on the Origin of the request, which caches are told by <c>Vary</c>.</summary>
    public bool VariesByOrigin { get; set; }

    /// <summary>Applies the policies. This is the last change before the head goes out.</summary>
    public void ApplyPolicies()
    {
        foreach (var header in PolicyHeaders)
            Headers.Set(header);
        if (VariesByOrigin && !Headers.HasToken(KnownHeader.Vary, "origin"u8) && !Headers.HasToken(KnownHeader.Vary, "*"u8))
            Headers.Add(KnownHeader.Vary, "Origin"u8);
    }

    /// <summary>Forgets the response that was begun; the policies stay.</summary>
    public void StartOver()
    {
        Status = 200;
        Headers.Clear();
    }

    public void Clear()
    {
        StartOver();
        PolicyHeaders.Clear();
        VariesByOrigin = false;
        _buffer.Clear();
    }
}
