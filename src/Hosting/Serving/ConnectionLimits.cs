namespace Turnpike.Hosting.Serving;

/// <summary>What the connections of a port may take before it is known who is at their other end.</summary>
/// <param name="Port">Names the port in metrics.</param>
/// <param name="Connections">At one time.</param>
/// <param name="ConnectionsPerPeer">Of one <see cref="PeerAddress"/>.</param>
public sealed record ConnectionLimits(string Port, int Connections, int ConnectionsPerPeer)
{
    /// <summary>Until a connection must have proven who it is; see <see cref="IConnectionStanding"/>. Null: it never has to.</summary>
    public TimeSpan? ProveWithin { get; init; }

    /// <summary>Connections that have proven who they are, which are counted apart from the others.</summary>
    public int Proven { get; init; }

    /// <summary>Of one identity.</summary>
    public int ProvenPerIdentity { get; init; }

    /// <summary>TLS handshakes at one time, from their first byte on.</summary>
    public int Handshakes { get; init; } = 16;

    /// <summary>Of one peer.</summary>
    public int HandshakesPerPeer { get; init; } = 4;

    /// <summary>From the connection to the end of its handshake.</summary>
    public TimeSpan HandshakeWithin { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>A feature of connections: lets one out of the narrow limits of strangers.</summary>
public interface IConnectionStanding
{
    /// <summary>Counts the connection under an identity that it has proven; false where that has too many already.</summary>
    bool TryProve(string identity);
}
