using System.Net;
using System.Text;

namespace Turnpike.Pipeline;

/// <summary>The facts about a client connection. All requests of the connection share one object.</summary>
internal sealed class ConnectionFacts
{
    private readonly byte[] _peer;

    public ConnectionFacts(ListenerBinding listener, IPAddress? peer)
    {
        Listener = listener;
        Peer = peer is { IsIPv4MappedToIPv6: true } ? peer.MapToIPv4() : peer;
        PeerText = Peer?.ToString() ?? "";
        _peer = Encoding.ASCII.GetBytes(PeerText);
    }

    /// <summary>The socket that accepted the connection.</summary>
    public ListenerBinding Listener { get; }

    public string Scheme => Listener.Scheme;

    /// <summary>The address of the peer; null when the transport has no addresses.</summary>
    public IPAddress? Peer { get; }

    public string PeerText { get; }

    /// <summary><see cref="PeerText"/> as bytes.</summary>
    public ReadOnlySpan<byte> PeerUtf8 => _peer;

    /// <summary><see cref="Scheme"/> as bytes.</summary>
    public ReadOnlySpan<byte> SchemeUtf8 => Scheme == "https" ? "https"u8 : "http"u8;
}
