using System.Text;
using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>A request without its body. Made to be cleared and filled again.</summary>
internal sealed class RequestHead
{
    private byte[] _key = [];

    /// <summary>Of a WebSocket over HTTP/2 (RFC 8441) it is <c>GET</c>, as over HTTP/1.1.</summary>
    public string Method { get; set; } = "";

    /// <summary>Something in it breaks a rule of HTTP: it is refused, and nothing else in it means anything.</summary>
    public bool IsMalformed { get; set; }

    /// <summary>Path and query as the client wrote them, in ASCII: bytes beyond that are percent-encoded.</summary>
    public string Target { get; set; } = "";

    /// <summary>As the client wrote it; empty where it sent none.</summary>
    public string Authority { get; set; } = "";

    /// <summary>Of the listener, not what the client says.</summary>
    public string Scheme { get; set; } = "";

    public HttpGeneration Version { get; set; }

    /// <summary>The handshake of a WebSocket, in whichever form this version of HTTP has it.</summary>
    public bool IsWebSocket { get; set; }

    /// <summary>Null where the length is not announced.</summary>
    public long? ContentLength { get; set; }

    public HeaderList Headers { get; } = new();

    public bool IsHead => Method == "HEAD";

    /// <summary>What routing looks at, valid until the next call.</summary>
    public RequestKey ToKey()
    {
        var length = Method.Length + Scheme.Length + Authority.Length + Target.Length;
        if (_key.Length < length)
            _key = new byte[Math.Max(512, length)];
        var rest = _key.AsSpan();
        return new RequestKey(Encode(Method, ref rest), Encode(Scheme, ref rest), Encode(Authority, ref rest), Encode(Target, ref rest));
    }

    public void Clear()
    {
        Method = Target = Authority = Scheme = "";
        Version = default;
        IsWebSocket = IsMalformed = false;
        ContentLength = null;
        Headers.Clear();
    }

    private static ReadOnlySpan<byte> Encode(string text, scoped ref Span<byte> rest)
    {
        var length = Encoding.Latin1.GetBytes(text, rest);
        var encoded = rest[..length];
        rest = rest[length..];
        return encoded;
    }
}

internal enum HttpGeneration
{
    Http10,
    Http11,
    Http2,
}

/// <summary>A response without its body. Made to be cleared and filled again.</summary>
internal sealed class ResponseHead
{
    public int Status { get; set; } = 200;

    public HeaderList Headers { get; } = new();

    /// <summary>What the policies of the route add to the answer, whoever gives it; they replace headers of the same name.</summary>
    public HeaderList PolicyHeaders { get; } = new();

    /// <summary>Another Origin might have been answered otherwise.</summary>
    public bool VariesByOrigin { get; set; }

    /// <summary>Last touch before the head goes out.</summary>
    public void ApplyPolicies()
    {
        foreach (ref readonly var header in PolicyHeaders.Items)
            Headers.Set(header.Name, header.Value);
        if (VariesByOrigin && !Headers.HasToken("vary", "origin") && !Headers.HasToken("vary", "*"))
            Headers.Add("vary", "Origin");
    }

    /// <summary>Forgets the answer that was begun; the policies stay.</summary>
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
    }
}
