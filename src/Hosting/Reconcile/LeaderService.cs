using Microsoft.Extensions.Hosting;

namespace Turnpike.Hosting.Reconcile;

/// <summary>A task that only the leader runs.</summary>
public interface ILeaderTask
{
    /// <summary>
    /// Runs until the token is cancelled at the end of the term. Returning or throwing earlier ends the term for all tasks.
    /// </summary>
    Task RunAsync(CancellationToken term);
}

/// <summary>Competes for the lease while the host runs, and runs every <see cref="ILeaderTask"/> in each term.</summary>
internal sealed class LeaderService(LeaderElection election, IEnumerable<ILeaderTask> tasks) : BackgroundService, IAsyncDisposable
{
    private static readonly TimeSpan DisposalTimeout = TimeSpan.FromSeconds(5);

    private readonly ILeaderTask[] _tasks = [.. tasks];

    /// <summary>
    /// Ends the term and waits for it. When the host has no time left to stop its services, they still run when it is disposed of. The
    /// tasks and the release of the lease use other services, which are disposed of after this one.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        Dispose();
        if (ExecuteTask is { } election)
            await election.WaitAsync(DisposalTimeout).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.Run(() => election.RunAsync(LeadAsync, stoppingToken), CancellationToken.None);

    private async Task LeadAsync(CancellationToken term)
    {
        using var together = CancellationTokenSource.CreateLinkedTokenSource(term);
        var running = _tasks.Select(task => Task.Run(() => task.RunAsync(together.Token), CancellationToken.None)).ToList();
        if (running.Count == 0)
            running.Add(Task.Delay(Timeout.Infinite, together.Token));
        await Task.WhenAny(running);
        await together.CancelAsync();
        await Task.WhenAll(running);
    }
}
