using System.Collections.Concurrent;
using Turnpike.Discovery;

namespace Turnpike.Operator.Status;

/// <summary>The proxies of all replicas of the control plane: those of this one, and what the others tell.</summary>
internal sealed class FleetView
{
    private readonly ProxyRegistry _local;
    private readonly ConcurrentDictionary<string, IReadOnlyCollection<ConnectedProxy>> _peers = new(StringComparer.Ordinal);
    private volatile TaskCompletionSource _changed = NewSignal();

    public FleetView(ProxyRegistry local)
    {
        _local = local;
        local.Changed += Signal;
    }

    public IReadOnlyCollection<ConnectedProxy> All =>
        [.. _local.All.Concat(_peers.Values.SelectMany(p => p)).OrderBy(p => p.Namespace, StringComparer.Ordinal).ThenBy(p => p.Pod, StringComparer.Ordinal)];

    public void SetPeer(string peer, IReadOnlyCollection<ConnectedProxy> proxies)
    {
        _peers[peer] = proxies;
        Signal();
    }

    public void RemovePeer(string peer)
    {
        if (_peers.TryRemove(peer, out _))
            Signal();
    }

    /// <summary>Completes when the proxies have changed since this was called.</summary>
    public Task Changed => _changed.Task;

    private void Signal() => Interlocked.Exchange(ref _changed, NewSignal()).SetResult();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
