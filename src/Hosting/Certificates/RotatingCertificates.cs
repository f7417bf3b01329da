using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Reconcile;
using Turnpike.Hosting.Watch;

namespace Turnpike.Hosting.Certificates;

/// <summary>
/// An authority of the operator's own, in a Secret that all replicas share. Each replica reconciles the Secret, then what the clients
/// trust, and then serves the leaf. In this order, a certificate that is served is always trusted already.
/// </summary>
public sealed class RotatingCertificates : BackgroundService, IServingCertificates
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(1);

    private readonly KubeApi _api;
    private readonly CertificateOptions _options;
    private readonly ITrustTarget[] _targets;
    private readonly ServerCertificate _server;
    private readonly ILoggerFactory _logs;
    private readonly ILogger _log;
    private readonly TimeProvider _clock;
    private readonly CertificateSecret _secret;
    private volatile CertificateState? _state;
    private volatile IReadOnlyList<TrustObservation>? _observed;
    private (string Authority, DateTimeOffset Since)? _announced;

    public RotatingCertificates(
        KubeApi api,
        CertificateOptions options,
        IEnumerable<ITrustTarget> targets,
        ServerCertificate server,
        ILoggerFactory logs,
        TimeProvider clock)
    {
        (_api, _options, _targets, _server, _logs, _clock) = (api, options, [.. targets], server, logs, clock);
        _log = logs.CreateLogger<RotatingCertificates>();
        _secret = new(api, options.Secret);
    }

    /// <summary>The authorities that clients are told to trust, in PEM; null before the first reconcile.</summary>
    public string? Bundle => _state?.Bundle;

    public CertificateReadiness Readiness => TrustCheck.Judge(_server.Current, _observed, _clock.GetUtcNow());

    /// <summary>Reconciles once, and returns the time after which to do so again.</summary>
    internal async Task<TimeSpan> ReconcileAsync(CancellationToken ct)
    {
        var state = await _secret.UpdateAsync(
            current => CertificatePlan.Advance(current, _state, IsAnnounced(current), _options, _clock.GetUtcNow()), ct);
        if (state.Authority!.CertificatePem != _state?.Authority!.CertificatePem)
            Log.AuthorityChanged(_log, _options.Secret, state.Authority.Certificate.Subject, state.Authority.NotAfter);
        _state = state;

        _observed = await Task.WhenAll(_targets.Select(target => target.EnsureAsync(state.Bundle, ct)));
        var now = _clock.GetUtcNow();
        Serve(state.Leaf!, _observed, now);
        WatchAnnouncement(state, _observed, now);
        return NextReconcile(state, now);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var trigger = new Trigger(_clock);
        var informers = _targets.Select(target => target.Watch(trigger.Fire)).OfType<IInformer>().Append(WatchSecret(trigger.Fire));
        trigger.Fire();
        await Task.WhenAll(informers
            .Select(informer => Task.Run(() => informer.RunAsync(stoppingToken), CancellationToken.None))
            .Append(trigger.RunAsync("certificates", async ct => await ReconcileAsync(ct), [], _log, stoppingToken)));
    }

    private Informer<string> WatchSecret(Action changed)
    {
        var informer = new Informer<string>(
            _api,
            KnownResources.Secrets,
            item => item.ResourceVersion(),
            new() { Query = ResourceQuery.Named(_options.Secret) },
            _logs.CreateLogger<Informer<string>>(),
            _clock);
        informer.AddHandler(_ => changed());
        return informer;
    }

    /// <summary>Serves the leaf. A leaf that is not trusted yet waits, unless the current certificate is unusable too.</summary>
    private void Serve(CertificatePair leaf, IReadOnlyList<TrustObservation> observed, DateTimeOffset now)
    {
        var served = _server.Current;
        var keep = served is not null
            && now < served.NotAfter.ToUniversalTime()
            && TrustCheck.Accepted(served, observed, now)
            && !TrustCheck.Accepted(leaf.Certificate, observed, now);
        if (keep || served?.Thumbprint == leaf.Certificate.Thumbprint)
            return;
        _server.Use(leaf.Certificate);
        Log.CertificateServed(_log, leaf.Certificate.SerialNumber, leaf.NotAfter);
    }

    private bool IsAnnounced(CertificateState state) =>
        _announced is { } known
        && known.Authority == state.Next?.CertificatePem
        && _clock.GetUtcNow() - known.Since >= _options.Propagation;

    private void WatchAnnouncement(CertificateState state, IReadOnlyList<TrustObservation> observed, DateTimeOffset now)
    {
        if (state.Next is null || !TrustCheck.Trusts(state.Next.Certificate, observed))
            _announced = null;
        else if (_announced?.Authority != state.Next.CertificatePem)
            _announced = (state.Next.CertificatePem, now);
    }

    private TimeSpan NextReconcile(CertificateState state, DateTimeOffset now)
    {
        var wait = CertificatePlan.NextChange(state) - now;
        if (_announced is { } known)
            wait = Shorter(wait, known.Since + _options.Propagation - now);
        return Shorter(wait > ShortestWait ? wait : ShortestWait, _options.Resync);
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
