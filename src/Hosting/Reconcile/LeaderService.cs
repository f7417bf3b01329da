using Microsoft.Extensions.Hosting;

namespace Turnpike.Hosting.Reconcile;

/// <summary>Something that only the leader does.</summary>
public interface ILeaderTask
{
    /// <summary>Runs for a term: until the token is cancelled. Returning or throwing earlier ends the term for all.</summary>
    Task RunAsync(CancellationToken term);
}

/// <summary>Contends for as long as the host lives, and runs every <see cref="ILeaderTask"/> in each term.</summary>
internal sealed class LeaderService(LeaderElection election, IEnumerable<ILeaderTask> tasks) : BackgroundService
{
    private readonly ILeaderTask[] _tasks = [.. tasks];

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
