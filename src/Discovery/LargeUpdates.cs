using Turnpike.Hosting.Serving;
using Turnpike.Routing;

namespace Turnpike.Discovery;

/// <summary>
/// Limits the number of large updates that are sent at one time, because each is in memory as a whole until its proxy has read it. Pods
/// take turns.
/// </summary>
public sealed class LargeUpdates(DiscoveryLimits limits)
{
    private readonly FairGate<string> _gate = new(limits.LargeUpdates, 1, int.MaxValue, int.MaxValue);

    /// <summary>
    /// Waits for the turn of a large update. Disposing the result ends the turn. Returns null at once for a small update, which needs no
    /// turn.
    /// </summary>
    internal async ValueTask<IDisposable?> EnterAsync(Caller caller, TableDelta delta, CancellationToken ct) =>
        delta.Changed.Sum(r => (long)r.Body.Length + r.Key.Name.Length) < DiscoveryLimits.LargeUpdate ? null : await _gate.EnterAsync($"{caller.User}/{caller.Pod}", ct);
}
