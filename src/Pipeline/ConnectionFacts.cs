using System.Net;

namespace Turnpike.Pipeline;

internal enum Listener
{
    Http,
    Https,
}

/// <summary>What is known of a client connection; one object for all of its requests.</summary>
internal sealed class ConnectionFacts
{
    public ConnectionFacts(Listener listener, IPAddress? peer)
    {
        Listener = listener;
        Peer = peer is { IsIPv4MappedToIPv6: true } ? peer.MapToIPv4() : peer;
        PeerText = Peer?.ToString() ?? "";
    }

    public Listener Listener { get; }

    public string Scheme => Listener == Listener.Https ? "https" : "http";

    /// <summary>Null where the transport has no addresses.</summary>
    public IPAddress? Peer { get; }

    public string PeerText { get; }
}
