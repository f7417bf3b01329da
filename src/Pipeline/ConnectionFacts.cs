using System.Net;

namespace Turnpike.Pipeline;

/// <summary>What is known of a client connection; one object for all of its requests.</summary>
internal sealed class ConnectionFacts
{
    public ConnectionFacts(ListenerBinding listener, IPAddress? peer)
    {
        Listener = listener;
        Peer = peer is { IsIPv4MappedToIPv6: true } ? peer.MapToIPv4() : peer;
        PeerText = Peer?.ToString() ?? "";
    }

    /// <summary>The socket that accepted the connection.</summary>
    public ListenerBinding Listener { get; }

    public string Scheme => Listener.Scheme;

    /// <summary>Null where the transport has no addresses.</summary>
    public IPAddress? Peer { get; }

    public string PeerText { get; }
}
