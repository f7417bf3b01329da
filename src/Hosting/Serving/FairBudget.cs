namespace Turnpike.Hosting.Serving;

/// <summary>
/// A budget that peers share, with a limit in total and a limit for each peer. When the budget is used up, a peer that has less takes room
/// from the peer that has most, so that a flood from one peer affects that peer alone.
/// </summary>
/// <param name="limit">The total amount.</param>
/// <param name="perPeer">The most that one peer may have.</param>
public sealed class FairBudget<TPeer>(long limit, long perPeer)
    where TPeer : notnull
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TPeer, Holder> _holders = [];
    private long _taken;

    /// <summary>The amount that is taken now.</summary>
    public long Taken
    {
        get
        {
            lock (_gate)
                return _taken;
        }
    }

    /// <summary>Takes an amount until the share is disposed of. Returns null when there is no room.</summary>
    /// <param name="peer">The peer that takes it.</param>
    /// <param name="amount">The initial amount; <see cref="Share.TryGrow"/> takes more.</param>
    /// <param name="evict">Called when the share is evicted in favour of a peer that has less; null when it cannot be evicted.</param>
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

    /// <summary>
    /// Evicts shares of peers that have more than the asking peer would have: the largest share of the largest peer first.
    /// </summary>
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

    /// <summary>An amount that was taken from the budget.</summary>
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

        /// <summary>Takes more. Returns false when there is no room, or the share has been evicted.</summary>
        public bool TryGrow(long amount) => _budget.TryGrow(this, amount);

        /// <summary>Returns a part to the budget.</summary>
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

        /// <summary>Protects the share from eviction from now on. Returns false when it has been evicted already.</summary>
        public bool TryKeep()
        {
            lock (_budget._gate)
            {
                _evict = null;
                return !IsOver;
            }
        }

        /// <summary>Returns the whole share to the budget.</summary>
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

        /// <summary>The largest share that can be evicted; the oldest of several equal ones.</summary>
        public Share? LargestEvictable => Shares.Where(s => s.IsEvictable).MaxBy(s => s.Amount);
    }
}
