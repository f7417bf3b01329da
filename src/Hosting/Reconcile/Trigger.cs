using Microsoft.Extensions.Logging;

namespace Turnpike.Hosting.Reconcile;

/// <summary>
/// Work that is always done as a whole, whatever it was that called for it: a <see cref="WorkQueue{TKey}"/> with a single key. What is
/// fired while the work runs is followed by another run.
/// </summary>
public sealed class Trigger(TimeProvider clock) : IDisposable
{
    private const int Key = 0;

    private readonly WorkQueue<int> _queue = new(clock);

    /// <summary>Calls for a run.</summary>
    public void Fire() => _queue.Add(Key);

    /// <summary>Calls for a run after a while. Of several such calls the earliest time counts.</summary>
    public void FireAfter(TimeSpan delay) => _queue.AddAfter(Key, delay);

    /// <summary>Works as a <see cref="ReconcileLoop{TKey}"/> does, until cancelled.</summary>
    /// <param name="name">Names the loop in logs and metrics.</param>
    /// <param name="work">Returns when to run again, or null to wait until the trigger fires.</param>
    /// <param name="synced">What has to complete before the first run.</param>
    /// <param name="log">Told of runs that fail, which are tried again.</param>
    /// <param name="ct">Ends the work.</param>
    public Task RunAsync(
        string name, Func<CancellationToken, Task<TimeSpan?>> work, IEnumerable<Task> synced, ILogger log, CancellationToken ct) =>
        new ReconcileLoop<int>(name, _queue, (_, run) => work(run), new ReconcileOptions(), log, clock).RunAsync(synced, ct);

    /// <inheritdoc/>
    public void Dispose() => _queue.Dispose();
}
