using Turnpike.Discovery;

namespace Turnpike.Operator.Status;

/// <summary>Another replica of the control plane.</summary>
/// <param name="Address">The IP that identifies the replica.</param>
/// <param name="Name">The name of its pod, for messages.</param>
/// <param name="IsExpected">
/// Whether the Service sends proxies to the replica, so that its proxies must be known before anything is said of all proxies.
/// </param>
internal sealed record Peer(string Address, string Name, bool IsExpected);

/// <summary>The connected proxies at one moment.</summary>
/// <param name="Proxies">All known proxies.</param>
/// <param name="IsComplete">False while a replica, or the list of replicas, is still expected to report.</param>
/// <param name="Unreachable">The names of replicas whose proxies are not known, in ordinal order.</param>
internal sealed record Fleet(IReadOnlyList<ConnectedProxy> Proxies, bool IsComplete, IReadOnlyList<string> Unreachable);

/// <summary>The proxies of all replicas of the control plane: those connected to this one, and those that the others report.</summary>
internal sealed class FleetView(ProxyRegistry local, TimeProvider clock)
{
    /// <summary>
    /// How long a replica may be disconnected before it counts as unreachable. Within this time a pod that terminates is no longer an
    /// endpoint, and its proxies have connected to another replica.
    /// </summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, State> _peers = new(StringComparer.Ordinal);
    private bool _peersKnown;
    private event Action? PeersChanged;

    /// <summary>
    /// Raised after each change that a proxy or a replica reports. <see cref="UntilChange"/> says when the passing of time causes a change.
    /// Handlers must only note what is to be done.
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

    /// <summary>The time until a disconnected replica counts as unreachable; null when there is none.</summary>
    public TimeSpan? UntilChange
    {
        get
        {
            lock (_gate)
            {
                var waits = _peers.Values
                    .Where(p => !p.IsConnected && !IsUnreachable(p))
                    .Select(p => Grace - clock.GetElapsedTime(p.DisconnectedSince))
                    .ToList();
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
                foreach (var peer in _peers.Values.Where(p => !p.IsConnected && IsUnreachable(p)))
                    peer.Proxies = null;
                var reported = local.All.Concat(ProxiesOf(connected: true)).ToLookup(p => p.IsLeaving);
                // A proxy whose replica ended, or whose stream was renewed, connects to another replica. Its last report is out of date
                // then.
                var current = reported[false].Select(p => (p.Namespace, p.Pod)).ToHashSet();
                var older = reported[true].Concat(ProxiesOf(connected: false)).Where(p => current.Add((p.Namespace, p.Pod)));
                var all = reported[false].Concat(older);
                var missing = _peers.Values.Where(p => p.Peer.IsExpected && p.Proxies is null).ToList();
                return new Fleet(
                    [.. all.OrderBy(p => p.Namespace, StringComparer.Ordinal).ThenBy(p => p.Pod, StringComparer.Ordinal)],
                    _peersKnown && missing.TrueForAll(IsUnreachable),
                    [.. missing.Where(IsUnreachable).Select(p => p.Peer.Name).Order(StringComparer.Ordinal)]);
            }
        }
    }

    /// <summary>Sets the other replicas. Those that are not among them are forgotten, with their proxies.</summary>
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
                    _peers.Add(peer.Address, new State { Peer = peer, DisconnectedSince = clock.GetTimestamp() });
                else
                    Renew(state, peer);
            }
        }
        PeersChanged?.Invoke();
    }

    /// <summary>Sets the proxies that a replica reports.</summary>
    public void SetProxies(string address, IReadOnlyCollection<ConnectedProxy> proxies)
    {
        lock (_gate)
        {
            if (_peers.TryGetValue(address, out var state))
                (state.Proxies, state.IsConnected) = (proxies, true);
        }
        PeersChanged?.Invoke();
    }

    /// <summary>Notes that the stream from a replica has ended.</summary>
    public void SetDisconnected(string address)
    {
        lock (_gate)
        {
            if (_peers.TryGetValue(address, out var state) && state.IsConnected)
                (state.IsConnected, state.DisconnectedSince) = (false, clock.GetTimestamp());
        }
        PeersChanged?.Invoke();
    }

    /// <summary>Forgets the other replicas at the end of a term, when they are no longer asked.</summary>
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
        // A starting replica is reachable only when it is ready, so the time before that does not count.
        if (peer.IsExpected && !state.Peer.IsExpected && !state.IsConnected)
            state.DisconnectedSince = clock.GetTimestamp();
        state.Peer = peer;
    }

    private IEnumerable<ConnectedProxy> ProxiesOf(bool connected) =>
        _peers.Values.Where(p => p.IsConnected == connected).SelectMany(p => p.Proxies ?? []);

    private bool IsUnreachable(State state) => clock.GetElapsedTime(state.DisconnectedSince) >= Grace;

    private sealed class State
    {
        public required Peer Peer { get; set; }

        /// <summary>The proxies that the replica last reported; null when it reported none, or too long ago.</summary>
        public IReadOnlyCollection<ConnectedProxy>? Proxies { get; set; }

        public bool IsConnected { get; set; }

        public long DisconnectedSince { get; set; }
    }
}
