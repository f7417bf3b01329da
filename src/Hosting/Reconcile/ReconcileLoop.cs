using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Turnpike.Hosting.Reconcile;

/// <summary>
/// Reconciles one key: compares the state that is wanted with the state that is there, whatever event led to the call. Returns the time
/// after which to call again, or null to wait for the next event. A reconciler fails by throwing. The key is then tried again after a
/// growing delay, and is never dropped.
/// </summary>
public delegate Task<TimeSpan?> Reconciler<in TKey>(TKey key, CancellationToken ct);

/// <summary>The options of a <see cref="ReconcileLoop{TKey}"/>.</summary>
public sealed record ReconcileOptions
{
    public int Workers { get; init; } = 1;

    /// <summary>The longest time that one call may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>Workers that call a reconciler for each key of a queue.</summary>
/// <param name="name">The name of the loop in logs and metrics.</param>
public sealed class ReconcileLoop<TKey>(
    string name, WorkQueue<TKey> queue, Reconciler<TKey> reconcile, ReconcileOptions options, ILogger log, TimeProvider clock)
    where TKey : notnull
{
    /// <summary>
    /// Starts when all of <paramref name="synced"/> have completed, and runs until it is cancelled. Returns after the last call has
    /// returned. A key whose call was cancelled stays in the queue for the next run of the loop.
    /// </summary>
    public async Task RunAsync(IEnumerable<Task> synced, CancellationToken ct)
    {
        await Task.WhenAll(synced).WaitAsync(ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (ct.IsCancellationRequested)
            return;
        using var observed = Telemetry.Observe(name, () => queue.Count);
        await Task.WhenAll(Enumerable.Range(0, options.Workers).Select(_ => Task.Run(() => WorkAsync(ct), CancellationToken.None)));
    }

    private async Task WorkAsync(CancellationToken ct)
    {
        while (true)
        {
            TKey key;
            try
            {
                key = await queue.TakeAsync(ct);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            try
            {
                await CallAsync(key, ct);
            }
            finally
            {
                queue.Done(key);
            }

            if (ct.IsCancellationRequested)
                return;
        }
    }

    private async Task CallAsync(TKey key, CancellationToken ct)
    {
        var started = clock.GetTimestamp();
        using var deadline = new CancellationTokenSource(options.Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, deadline.Token);
        string result;
        try
        {
            var again = await reconcile(key, either.Token);
            queue.Forget(key);
            if (again is { } after)
                queue.AddAfter(key, after);
            result = "ok";
        }
        catch (Exception) when (ct.IsCancellationRequested)
        {
            queue.Add(key);
            result = "cancelled";
        }
        catch (Exception e)
        {
            var late = e is OperationCanceledException && deadline.IsCancellationRequested;
            result = late ? "timeout" : "error";
            Log.ReconcileFailed(log, e, name, key.ToString()!, queue.AddAfterFailure(key).TotalSeconds);
        }

        Telemetry.Reconciles.Record(
            clock.GetElapsedTime(started).TotalSeconds, new TagList { { "loop", name }, { "result", result } });
    }
}
