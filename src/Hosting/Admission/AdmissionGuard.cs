using Turnpike.Hosting.Serving;

namespace Turnpike.Hosting.Admission;

/// <summary>Keeps all admission endpoints of a server within <see cref="AdmissionLimits"/>, since any client can reach them.</summary>
public sealed class AdmissionGuard(AdmissionLimits limits, TimeProvider clock)
{
    private const int RememberedPeers = 1024;

    private readonly FairBudget<PeerAddress> _bytes = new(limits.Bytes, limits.BytesPerPeer);
    private readonly FairGate<PeerAddress> _handlers = new(limits.Handlers, limits.HandlersPerPeer, limits.Waiting, limits.WaitingPerPeer);
    private readonly PeerAllowance _logLines = new(limits.LogLines, TimeSpan.FromSeconds(1), RememberedPeers);

    /// <summary>The number of bytes in use now.</summary>
    public long BytesTaken => _bytes.Taken;

    internal AdmissionLimits Limits => limits;

    internal FairBudget<PeerAddress>.Share? TryOpen(PeerAddress peer, Action evict) => _bytes.TryOpen(peer, 0, evict);

    internal ValueTask<IDisposable?> EnterAsync(PeerAddress peer, CancellationToken ct) => _handlers.EnterAsync(peer, ct);

    internal bool MayLog(PeerAddress peer) => _logLines.TryTake(peer, clock.GetUtcNow());
}
