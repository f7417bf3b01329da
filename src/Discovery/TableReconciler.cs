using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Turnpike.Compiler;
using Turnpike.Reading;
using Turnpike.Routing;

namespace Turnpike.Discovery;

/// <summary>Compiles the snapshots of a cluster one after the other, as <see cref="IncrementalCompiler.Compile"/> does.</summary>
public delegate Compilation TableCompiler(ClusterSnapshot snapshot);

/// <summary>Compiles the cluster whenever it has changed, and publishes the table. Every replica runs it, leader or not.</summary>
public sealed class TableReconciler(
    ClusterWatcher watcher,
    DiscoveryStates states,
    TableCompiler compiler,
    DiscoveryMetrics metrics,
    ILogger<TableReconciler> log,
    TimeProvider clock) : BackgroundService
{
    private readonly CompilationPace _pace = new(clock);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var synced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var watching = WatchAsync(synced, stoppingToken);
        try
        {
            await synced.Task.WaitAsync(stoppingToken);
            for (long sequence = 1; ; sequence++)
            {
                await TryCompileAsync(sequence, stoppingToken);
                states.ClusterIsRead();
                await watcher.WaitForChangeAsync(stoppingToken);
                await Task.Delay(_pace.Next(), clock, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await watching;
        }
    }

    private async Task WatchAsync(TaskCompletionSource synced, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await watcher.RunAsync(() => synced.TrySetResult(), ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // The informers handle their own failures once they run. An exception here means that the API server did not respond before
                // that.
                log.WatchFailed(e);
                await Task.Delay(TimeSpan.FromSeconds(1), clock, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>
    /// Compiles once. When the compiler fails, the last table stays in use and the control plane keeps running, because admission depends
    /// on it.
    /// </summary>
    private async Task TryCompileAsync(long sequence, CancellationToken ct)
    {
        try
        {
            await CompileAsync(sequence, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            metrics.CompilationFailed();
            log.CompilationFailed(e);
        }
    }

    private async Task CompileAsync(long sequence, CancellationToken ct)
    {
        var (snapshot, invalid, rules, conditions) = watcher.Snapshot();
        // Without the wait, requests to backends whose authority has not been read yet would get 503 for a moment.
        if (await watcher.FollowAsync(snapshot, ct))
            (snapshot, invalid, rules, conditions) = watcher.Snapshot();
        var started = clock.GetTimestamp();
        try
        {
            Publish(sequence, snapshot, rules, conditions, invalid, started);
        }
        finally
        {
            _pace.Compiled(clock.GetElapsedTime(started));
        }
    }

    private void Publish(
        long sequence,
        ClusterSnapshot snapshot,
        ImmutableArray<ObjectMeta> rules,
        ImmutableDictionary<string, string> conditions,
        ImmutableArray<Diagnostic> invalid,
        long started)
    {
        var compilation = compiler(snapshot);
        var previous = states.Current;
        var resources = TableResources.Of(compilation.Table, previous?.Resources ?? TableResources.None);
        var table = compilation.Table with { Version = resources.TableVersion };
        var unchanged = previous?.Table.Version == table.Version;
        states.Publish(new DiscoveryState(sequence, snapshot, rules, table, resources, invalid.AddRange(compilation.Diagnostics))
        {
            Hosts = compilation.Hosts,
            RuleConditions = conditions,
        });
        metrics.Compiled(clock.GetElapsedTime(started), !unchanged);
        if (!unchanged)
        {
            var took = clock.GetElapsedTime(started);
            log.TableCompiled(table.Version, snapshot.Ingresses.Length, snapshot.RouteRules.Length, took.TotalMilliseconds);
        }
    }
}
