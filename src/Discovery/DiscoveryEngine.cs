using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Turnpike.Compiler;
using Turnpike.Reading;
using Turnpike.Routing;

namespace Turnpike.Discovery;

/// <summary>Makes a table of a cluster: <see cref="RouteCompiler.Compile"/>.</summary>
public delegate Compilation TableCompiler(ClusterSnapshot snapshot);

/// <summary>Compiles the cluster anew whenever it has changed. Runs on every replica, leader or not.</summary>
public sealed class DiscoveryEngine(
    ClusterFeed feed, DiscoveryStates states, TableCompiler compiler, DiscoveryMetrics metrics, ILogger<DiscoveryEngine> log, TimeProvider clock) : BackgroundService
{
    private readonly CompilationPace _pace = new(clock);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var synced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var feeding = FeedAsync(synced, stoppingToken);
        try
        {
            await synced.Task.WaitAsync(stoppingToken);
            for (long sequence = 1; ; sequence++)
            {
                await TryCompileAsync(sequence, stoppingToken);
                states.ClusterIsRead();
                await feed.WaitForChangeAsync(stoppingToken);
                await Task.Delay(_pace.Next(), clock, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await feeding;
        }
    }

    private async Task FeedAsync(TaskCompletionSource synced, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await feed.RunAsync(() => synced.TrySetResult(), ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Before the informers run, which contain their own failures: the API server does not answer yet.
                log.FeedFailed(e);
                await Task.Delay(TimeSpan.FromSeconds(1), clock, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>An object that the compiler stumbles over costs news, not the control plane, which admission hangs on.</summary>
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
        var (snapshot, invalid, rules, conditions) = feed.Snapshot();
        // Backends whose authority is not read yet would answer 503 for a moment.
        if (await feed.FollowAsync(snapshot, ct))
            (snapshot, invalid, rules, conditions) = feed.Snapshot();
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
            log.TableCompiled(table.Version, snapshot.Ingresses.Length, snapshot.RouteRules.Length, clock.GetElapsedTime(started).TotalMilliseconds);
    }
}
