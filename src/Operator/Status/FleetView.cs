using Turnpike.Discovery;

namespace Turnpike.Operator.Status;

/// <summary>Another replica of the control plane.</summary>
/// <param name="Address">Its IP, which it is known by.</param>
/// <param name="Name">Of its pod, for people.</param>
/// <param name="IsExpected">It is an endpoint that proxies are sent to, so it must be heard before anything is said of all proxies.</param>
internal sealed record Peer(string Address, string Name, bool IsExpected);

/// <summary>The proxies at one moment.</summary>
/// <param name="Proxies">All that are known of.</param>
/// <param name="IsComplete">False for the moments in which a replica, or which replicas there are, is about to be heard.</param>
/// <param name="Unreachable">Replicas whose proxies are not among them, in ordinal order.</param>
internal sealed record Fleet(IReadOnlyList<ConnectedProxy> Proxies, bool IsComplete, IReadOnlyList<string> Unreachable);

/// <summary>The proxies of all replicas of the control plane: those of this one, and what the others tell.</summary>
internal sealed class FleetView(ProxyRegistry local, TimeProvider clock)
{
    /// <summary>
    /// How long a replica may be silent before that matters: a pod that ends stops being an endpoint within this time, and its proxies
    /// have come to another replica.
    /// </summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, State> _peers = new(StringComparer.Ordinal);
    private bool _peersKnown;
    private event Action? PeersChanged;

    /// <summary>
    /// Raised after each change that a proxy or a replica tells of; <see cref="UntilChange"/> says when time alone changes something.
    /// Handlers only note what is to be done.
    /// </summary>
    public event Action? Changed
    {
        add
        {
            local.Changed += value;
            PeersChanged += value;
        }
        remove
        {
            local.Changed -= value;
            PeersChanged -= value;
        }
    }

    /// <summary>How long until the silence of a replica begins to matter; null where none is silent.</summary>
    public TimeSpan? UntilChange
    {
        get
        {
            lock (_gate)
            {
                var waits = _peers.Values.Where(p => !p.IsConnected && !IsOver(p)).Select(p => Grace - clock.GetElapsedTime(p.SilentSince)).ToList();
                return waits.Count == 0 ? null : waits.Min();
            }
        }
    }

    public Fleet Current
    {
        get
        {
            lock (_gate)
            {
                foreach (var peer in _peers.Values.Where(p => !p.IsConnected && IsOver(p)))
                    peer.Proxies = null;
                var told = local.All.Concat(ProxiesOf(connected: true)).ToLookup(p => p.IsLeaving);
                // The proxies of a replica that ended, and those whose stream was renewed, come to another one: what was last said of them is out of date then.
                var elsewhere = told[false].Select(p => (p.Namespace, p.Pod)).ToHashSet();
                var all = told[false].Concat(told[true].Concat(ProxiesOf(connected: false)).Where(p => elsewhere.Add((p.Namespace, p.Pod))));
                var unheard = _peers.Values.Where(p => p.Peer.IsExpected && p.Proxies is null).ToList();
                return new Fleet(
                    [.. all.OrderBy(p => p.Namespace, StringComparer.Ordinal).ThenBy(p => p.Pod, StringComparer.Ordinal)],
                    _peersKnown && unheard.TrueForAll(IsOver),
                    [.. unheard.Where(IsOver).Select(p => p.Peer.Name).Order(StringComparer.Ordinal)]);
            }
        }
    }

    /// <summary>Which other replicas there are; those that are missing are forgotten with their proxies.</summary>
    public void SetPeers(IReadOnlyCollection<Peer> peers)
    {
        lock (_gate)
        {
            _peersKnown = true;
            foreach (var gone in _peers.Keys.Except(peers.Select(p => p.Address)).ToList())
                _peers.Remove(gone);
            foreach (var peer in peers)
            {
                if (!_peers.TryGetValue(peer.Address, out var state))
                    _peers.Add(peer.Address, new State { Peer = peer, SilentSince = clock.GetTimestamp() });
                else
                    Renew(state, peer);
            }
        }
        PeersChanged?.Invoke();
    }

    /// <summary>A replica tells of its proxies.</summary>
    public void Heard(string address, IReadOnlyCollection<ConnectedProxy> proxies)
    {
        lock (_gate)
        {
            if (_peers.TryGetValue(address, out var state))
                (state.Proxies, state.IsConnected) = (proxies, true);
        }
        PeersChanged?.Invoke();
    }

    /// <summary>A replica does not tell any more.</summary>
    public void Lost(string address)
    {
        lock (_gate)
        {
            if (_peers.TryGetValue(address, out var state) && state.IsConnected)
                (state.IsConnected, state.SilentSince) = (false, clock.GetTimestamp());
        }
        PeersChanged?.Invoke();
    }

    /// <summary>Nobody asks the other replicas any more.</summary>
    public void ForgetPeers()
    {
        lock (_gate)
        {
            _peersKnown = false;
            _peers.Clear();
        }
        PeersChanged?.Invoke();
    }

    private void Renew(State state, Peer peer)
    {
        // A starting replica is reached when it is ready, not before; the time before that is not held against it.
        if (peer.IsExpected && !state.Peer.IsExpected && !state.IsConnected)
            state.SilentSince = clock.GetTimestamp();
        state.Peer = peer;
    }

    private IEnumerable<ConnectedProxy> ProxiesOf(bool connected) =>
        _peers.Values.Where(p => p.IsConnected == connected).SelectMany(p => p.Proxies ?? []);

    private bool IsOver(State state) => clock.GetElapsedTime(state.SilentSince) >= Grace;

    private sealed class State
    {
        public required Peer Peer { get; set; }

        /// <summary>What it last told; null where that is nothing, or too long ago.</summary>
        public IReadOnlyCollection<ConnectedProxy>? Proxies { get; set; }

        public bool IsConnected { get; set; }

        public long SilentSince { get; set; }
    }
}
