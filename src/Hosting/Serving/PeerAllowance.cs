namespace Turnpike.Hosting.Serving;

/// <summary>How often a peer may do something: a number of times at once, and then once after every interval.</summary>
/// <param name="burst">Times at once.</param>
/// <param name="interval">Until the peer may do it once more.</param>
/// <param name="peers">Peers that are remembered; beyond it the one seen longest ago is forgotten.</param>
public sealed class PeerAllowance(int burst, TimeSpan interval, int peers)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<PeerAddress, LinkedListNode<(PeerAddress Peer, double Left, DateTimeOffset At)>> _byPeer = [];
    private readonly LinkedList<(PeerAddress Peer, double Left, DateTimeOffset At)> _byAge = new();

    /// <summary>Takes one of the peer's times; false where there is none left.</summary>
    public bool TryTake(PeerAddress peer, DateTimeOffset now)
    {
        lock (_gate)
        {
            var left = Left(peer, now);
            Put(peer, left >= 1 ? left - 1 : left, now);
            return left >= 1;
        }
    }

    /// <summary>It does not count.</summary>
    public void GiveBack(PeerAddress peer, DateTimeOffset now)
    {
        lock (_gate)
            Put(peer, Math.Min(burst, Left(peer, now) + 1), now);
    }

    private double Left(PeerAddress peer, DateTimeOffset now) => _byPeer.TryGetValue(peer, out var node)
        ? Math.Min(burst, node.Value.Left + (now - node.Value.At) / interval)
        : burst;

    private void Put(PeerAddress peer, double left, DateTimeOffset now)
    {
        if (_byPeer.Remove(peer, out var old))
            _byAge.Remove(old);
        if (_byPeer.Count >= peers)
        {
            _byPeer.Remove(_byAge.First!.Value.Peer);
            _byAge.RemoveFirst();
        }
        _byPeer[peer] = _byAge.AddLast((peer, left, now));
    }
}
