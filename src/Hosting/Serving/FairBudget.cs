namespace Turnpike.Hosting.Serving;

/// <summary>
/// Bounds what peers take of something, in all and by peer. When all of it is taken, a peer that has less gets room from the one that has
/// most, so that a flood from one peer is felt by that peer alone.
/// </summary>
/// <param name="limit">What there is in all.</param>
/// <param name="perPeer">What one peer may have of it.</param>
public sealed class FairBudget<TPeer>(long limit, long perPeer)
    where TPeer : notnull
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TPeer, Holder> _holders = [];
    private long _taken;

    /// <summary>What is taken at this moment.</summary>
    public long Taken
    {
        get
        {
            lock (_gate)
                return _taken;
        }
    }

    /// <summary>Takes an amount until the share is disposed of; null where there is no room.</summary>
    /// <param name="peer">Who takes it.</param>
    /// <param name="amount">How much at first; more by <see cref="Share.TryGrow"/>.</param>
    /// <param name="evict">Called when the share is taken away in favour of a peer that has less. Null: it cannot be taken away.</param>
    public Share? TryOpen(TPeer peer, long amount, Action? evict = null)
    {
        var share = new Share(this, peer, evict);
        return TryGrow(share, amount) ? share : null;
    }

    private bool TryGrow(Share share, long amount)
    {
        List<Share>? evicted = null;
        var grown = false;
        lock (_gate)
        {
            if (share.IsOver)
                return false;
            var own = _holders.GetValueOrDefault(share.Peer)?.Total ?? 0;
            if (own + amount <= perPeer && TryMakeRoom(own + amount, amount, ref evicted))
            {
                Take(share, amount);
                grown = true;
            }
        }
        foreach (var victim in evicted ?? [])
            victim.Evict();
        return grown;
    }

    /// <summary>Takes shares of peers that have more than the asking one would have, the largest peer's largest first.</summary>
    private bool TryMakeRoom(long ownThen, long amount, ref List<Share>? evicted)
    {
        while (_taken + amount > limit)
        {
            Share? victim = null;
            var most = ownThen;
            foreach (var holder in _holders.Values)
            {
                if (holder.Total > most && holder.LargestEvictable is { } largest)
                    (victim, most) = (largest, holder.Total);
            }
            if (victim is null)
                return false;
            Return(victim);
            (evicted ??= []).Add(victim);
        }
        return true;
    }

    private void Take(Share share, long amount)
    {
        if (!_holders.TryGetValue(share.Peer, out var holder))
            _holders.Add(share.Peer, holder = new Holder());
        share.Node ??= holder.Shares.AddLast(share);
        share.Amount += amount;
        holder.Total += amount;
        _taken += amount;
    }

    private void Return(Share share)
    {
        share.IsOver = true;
        if (share.Node is not { } node || !_holders.TryGetValue(share.Peer, out var holder))
            return;
        holder.Shares.Remove(node);
        share.Node = null;
        holder.Total -= share.Amount;
        _taken -= share.Amount;
        if (holder.Shares.Count == 0)
            _holders.Remove(share.Peer);
    }

    /// <summary>What one taker has of the budget.</summary>
    public sealed class Share : IDisposable
    {
        private readonly FairBudget<TPeer> _budget;
        private Action? _evict;

        internal Share(FairBudget<TPeer> budget, TPeer peer, Action? evict) => (_budget, Peer, _evict) = (budget, peer, evict);

        internal TPeer Peer { get; }

        internal long Amount { get; set; }

        internal bool IsOver { get; set; }

        internal bool IsEvictable => _evict is not null;

        internal LinkedListNode<Share>? Node { get; set; }

        /// <summary>Takes more; false where there is no room, or the share has been taken away.</summary>
        public bool TryGrow(long amount) => _budget.TryGrow(this, amount);

        /// <summary>Gives a part back.</summary>
        public void Shrink(long amount)
        {
            lock (_budget._gate)
            {
                if (IsOver || !_budget._holders.TryGetValue(Peer, out var holder))
                    return;
                Amount -= amount;
                holder.Total -= amount;
                _budget._taken -= amount;
            }
        }

        /// <summary>From now on the share is not taken away any more; false where it has been already.</summary>
        public bool TryKeep()
        {
            lock (_budget._gate)
            {
                _evict = null;
                return !IsOver;
            }
        }

        /// <summary>Gives all of it back.</summary>
        public void Dispose()
        {
            lock (_budget._gate)
            {
                if (!IsOver)
                    _budget.Return(this);
            }
        }

        internal void Evict() => _evict?.Invoke();
    }

    private sealed class Holder
    {
        public long Total { get; set; }

        public LinkedList<Share> Shares { get; } = new();

        /// <summary>Of several as large, the oldest.</summary>
        public Share? LargestEvictable => Shares.Where(s => s.IsEvictable).MaxBy(s => s.Amount);
    }
}
