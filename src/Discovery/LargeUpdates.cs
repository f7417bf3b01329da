using Turnpike.Hosting.Serving;
using Turnpike.Routing;

namespace Turnpike.Discovery;

/// <summary>Only so many large updates are on their way at one time, pods in turn: each is in memory as a whole until its proxy has read it.</summary>
public sealed class LargeUpdates(DiscoveryLimits limits)
{
    private readonly FairGate<string> _gate = new(limits.LargeUpdates, 1, int.MaxValue, int.MaxValue);

    /// <summary>Waits for the turn of an update; the result ends it. A small one need not wait, and has none.</summary>
    internal async ValueTask<IDisposable?> EnterAsync(Caller caller, TableDelta delta, CancellationToken ct) =>
        delta.Changed.Sum(r => (long)r.Body.Length + r.Key.Name.Length) < DiscoveryLimits.LargeUpdate ? null : await _gate.EnterAsync($"{caller.User}/{caller.Pod}", ct);
}
