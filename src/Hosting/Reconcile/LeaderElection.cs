using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Reconcile;

/// <summary>Which Lease is contended for, by whom, and how patiently.</summary>
/// <param name="Lease">Where the Lease is.</param>
/// <param name="Identity">Unique to this process: the pod's name will do.</param>
public sealed record LeaderElectionOptions(NamespacedName Lease, string Identity)
{
    /// <summary>A Lease that its holder has not renewed for so long may be taken.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A holder that could not renew for so long stops, well before others may start.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time between two attempts to take or renew it.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Numbers from 0 to 1 for jitter.</summary>
    public Func<double> Jitter { get; init; } = Random.Shared.NextDouble;
}

/// <summary>
/// Has at most one process at a time do something. Whether a Lease has run out is judged by how long it stayed unchanged before our own
/// eyes, on our own monotonic clock: clocks of different machines are never compared.
/// </summary>
public sealed class LeaderElection(KubeApi api, LeaderElectionOptions options, ILogger<LeaderElection> log, TimeProvider clock)
{
    private readonly Lease _lease = new(api, options, clock);
    private volatile StrongBox<CancellationToken> _term = new(new CancellationToken(canceled: true));

    public bool IsLeader => !Term.IsCancellationRequested;

    /// <summary>Cancelled when the term is over; between terms, that of the last one.</summary>
    public CancellationToken Term => _term.Value;

    /// <summary>
    /// Contends until cancelled. For each term <paramref name="lead"/> is called; its token is cancelled when the term is over, and
    /// nothing goes on before it has returned. When it returns by itself the Lease is given up and contended for anew.
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

    /// <summary>Renews until stopped or until the work is over (true), or until the Lease is or may be lost (false).</summary>
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

            // The Lease counts from when the renewal was sent: it may have been written any time since.
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
            // That is how work ends with its term.
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
