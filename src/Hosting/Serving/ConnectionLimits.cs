namespace Turnpike.Hosting.Serving;

/// <summary>The limits of the connections of a port while their clients are not identified.</summary>
/// <param name="Port">The name of the port in metrics.</param>
/// <param name="Connections">The most connections at one time.</param>
/// <param name="ConnectionsPerPeer">The most connections of one <see cref="PeerAddress"/>.</param>
public sealed record ConnectionLimits(string Port, int Connections, int ConnectionsPerPeer)
{
    /// <summary>
    /// The time within which a client must prove its identity (see <see cref="IConnectionStanding"/>); null when it need not.
    /// </summary>
    public TimeSpan? ProveWithin { get; init; }

    /// <summary>The most connections with a proven identity. They are counted apart from the others.</summary>
    public int Proven { get; init; }

    /// <summary>The most connections of one identity.</summary>
    public int ProvenPerIdentity { get; init; }

    /// <summary>The most TLS handshakes at one time. A handshake counts from its first byte.</summary>
    public int Handshakes { get; init; } = 16;

    /// <summary>The most TLS handshakes of one peer at one time.</summary>
    public int HandshakesPerPeer { get; init; } = 4;

    /// <summary>The longest time from the connection to the end of its handshake.</summary>
    public TimeSpan HandshakeWithin { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>A connection feature that moves the connection from the limits for unidentified clients to those of an identity.</summary>
public interface IConnectionStanding
{
    /// <summary>Counts the connection under a proven identity. Returns false when that identity has too many connections already.</summary>
    bool TryProve(string identity);
}
