using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Reconcile;

/// <summary>The lease that a process competes for, the process's identity, and the timeouts.</summary>
/// <param name="Lease">The namespaced name of the lease.</param>
/// <param name="Identity">A name that no other process uses, such as the pod's name.</param>
public sealed record LeaderElectionOptions(NamespacedName Lease, string Identity)
{
    /// <summary>The time after which others may take a lease that its holder has not renewed.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The time after which a holder that could not renew stops. It ends well before <see cref="LeaseDuration"/>.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time between two attempts to take or renew the lease.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Returns numbers from 0 to 1 for jitter.</summary>
    public Func<double> Jitter { get; init; } = Random.Shared.NextDouble;
}

/// <summary>
/// Lets at most one process at a time lead. Whether a lease has expired is decided by how long this process has seen it unchanged, on its
/// own monotonic clock. The clocks of different machines are never compared.
/// </summary>
public sealed class LeaderElection(KubeApi api, LeaderElectionOptions options, ILogger<LeaderElection> log, TimeProvider clock)
{
    private readonly Lease _lease = new(api, options, clock);
    private volatile StrongBox<CancellationToken> _term = new(new CancellationToken(canceled: true));

    public bool IsLeader => !Term.IsCancellationRequested;

    /// <summary>A token that is cancelled when the term ends. Between terms it is the token of the last one.</summary>
    public CancellationToken Term => _term.Value;

    /// <summary>
    /// Competes for the lease until it is cancelled, and calls <paramref name="lead"/> in each term. Its token is cancelled when the term
    /// ends, and the next attempt waits until it has returned. When it returns earlier, the lease is released and competed for again.
    /// </summary>
    public async Task RunAsync(Func<CancellationToken, Task> lead, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var asked = clock.GetTimestamp();
            if (await AttemptAsync(options.RenewDeadline, stop) == Lease.Holder.Us)
                await LeadAsync(lead, asked, stop);
            await PauseAsync(options.RetryPeriod * (1 + options.Jitter() / 5), stop);
        }
    }

    private async Task LeadAsync(Func<CancellationToken, Task> lead, long renewed, CancellationToken stop)
    {
        using var term = CancellationTokenSource.CreateLinkedTokenSource(stop);
        _term = new(term.Token);
        Telemetry.Leading.Add(1);
        Log.StartedLeading(log, options.Identity, options.Lease);
        var work = Task.Run(() => lead(term.Token), CancellationToken.None);

        var lost = !await KeepAsync(work, renewed, stop);

        await term.CancelAsync();
        Telemetry.Leading.Add(-1);
        await FinishAsync(work, term.Token);
        if (lost)
            Log.LostLeadership(log, options.Identity, options.Lease);
        else
            await ReleaseAsync();
    }

    /// <summary>
    /// Renews the lease. Returns true when the election is stopped or the work has ended, and false when the lease is or may be lost.
    /// </summary>
    private async Task<bool> KeepAsync(Task work, long renewed, CancellationToken stop)
    {
        while (true)
        {
            await Task.WhenAny(work, PauseAsync(options.RetryPeriod, stop));
            if (work.IsCompleted || stop.IsCancellationRequested)
                return true;

            var left = options.RenewDeadline - clock.GetElapsedTime(renewed);
            if (left <= TimeSpan.Zero)
                return false;

            // The lease counts from the time at which the renewal was sent, because it may have been written at any time since.
            var asked = clock.GetTimestamp();
            switch (await AttemptAsync(left, stop))
            {
                case Lease.Holder.Us:
                    renewed = asked;
                    break;
                case Lease.Holder.Another:
                    return false;
            }
        }
    }

    private async Task FinishAsync(Task work, CancellationToken term)
    {
        try
        {
            await work.WaitAsync(options.LeaseDuration - options.RenewDeadline, clock, CancellationToken.None);
        }
        catch (TimeoutException) when (!work.IsCompleted)
        {
            Log.WorkOutlivesTerm(log, options.Identity, options.Lease);
            await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (OperationCanceledException) when (term.IsCancellationRequested)
        {
            // The work ended with its term.
        }
        catch (Exception e)
        {
            Log.LeaderWorkFailed(log, e, options.Lease);
        }
    }

    private async Task<Lease.Holder> AttemptAsync(TimeSpan limit, CancellationToken stop)
    {
        using var deadline = new CancellationTokenSource(limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, deadline.Token);
        try
        {
            return await _lease.TryHoldAsync(either.Token);
        }
        catch (Exception e)
        {
            if (!stop.IsCancellationRequested)
                Log.LeaseUnreachable(log, options.Lease, e.Message);
            return Lease.Holder.Unknown;
        }
    }

    private async Task ReleaseAsync()
    {
        using var deadline = new CancellationTokenSource(options.RenewDeadline / 2, clock);
        try
        {
            await _lease.ReleaseAsync(deadline.Token);
        }
        catch (Exception e)
        {
            Log.LeaseUnreachable(log, options.Lease, e.Message);
        }
    }

    private async Task PauseAsync(TimeSpan pause, CancellationToken stop) =>
        await Task.Delay(pause, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
