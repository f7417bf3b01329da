using Microsoft.Extensions.Logging;

namespace Turnpike.Hosting.Reconcile;

/// <summary>
/// A <see cref="WorkQueue{TKey}"/> with a single key, for work that is always done as a whole, whatever event asked for it. When it is
/// fired while the work runs, another run follows.
/// </summary>
public sealed class Trigger(TimeProvider clock) : IDisposable
{
    private const int Key = 0;

    private readonly WorkQueue<int> _queue = new(clock);

    /// <summary>Asks for a run.</summary>
    public void Fire() => _queue.Add(Key);

    /// <summary>Asks for a run after a delay. The earliest time of several such calls counts.</summary>
    public void FireAfter(TimeSpan delay) => _queue.AddAfter(Key, delay);

    /// <summary>Runs the work as a <see cref="ReconcileLoop{TKey}"/> does, until it is cancelled.</summary>
    /// <param name="name">The name of the loop in logs and metrics.</param>
    /// <param name="work">Returns the time after which to run again, or null to wait until the trigger fires.</param>
    /// <param name="synced">Tasks that must complete before the first run.</param>
    /// <param name="log">Gets the errors of runs that fail; they are tried again.</param>
    /// <param name="ct">Stops the loop.</param>
    public Task RunAsync(
        string name, Func<CancellationToken, Task<TimeSpan?>> work, IEnumerable<Task> synced, ILogger log, CancellationToken ct) =>
        new ReconcileLoop<int>(name, _queue, (_, run) => work(run), new ReconcileOptions(), log, clock).RunAsync(synced, ct);

    /// <inheritdoc/>
    public void Dispose() => _queue.Dispose();
}
