namespace Turnpike.Hosting.Serving;

/// <summary>A rate limit for each peer: a number of times at once, and then once in every interval.</summary>
/// <param name="burst">The number of times at once.</param>
/// <param name="interval">The time after which the peer may do it once more.</param>
/// <param name="peers">The most peers that are remembered. Beyond it, the peer that was seen longest ago is forgotten.</param>
public sealed class PeerAllowance(int burst, TimeSpan interval, int peers)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<PeerAddress, LinkedListNode<(PeerAddress Peer, double Left, DateTimeOffset At)>> _byPeer = [];
    private readonly LinkedList<(PeerAddress Peer, double Left, DateTimeOffset At)> _byAge = new();

    /// <summary>Takes one time of the peer's allowance. Returns false when none is left.</summary>
    public bool TryTake(PeerAddress peer, DateTimeOffset now)
    {
        lock (_gate)
        {
            var left = Left(peer, now);
            Put(peer, left >= 1 ? left - 1 : left, now);
            return left >= 1;
        }
    }

    /// <summary>Returns one time to the peer's allowance.</summary>
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
