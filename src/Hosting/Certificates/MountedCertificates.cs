using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Turnpike.Hosting.Certificates;

/// <summary>Where somebody else, such as cert-manager, puts the certificate, and how often to look.</summary>
public sealed record MountedCertificateOptions(string CertificatePath, string KeyPath)
{
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>Serves a certificate from files and follows them as they change. Writes nothing; whoever makes it cares for trust as well.</summary>
public sealed class MountedCertificates(
    MountedCertificateOptions options,
    IEnumerable<ITrustTarget> targets,
    ServerCertificate server,
    ILogger<MountedCertificates> log,
    TimeProvider clock) : BackgroundService, IServingCertificates
{
    private readonly ITrustTarget[] _targets = [.. targets];
    private volatile IReadOnlyList<TrustObservation>? _observed;

    public CertificateReadiness Readiness => TrustCheck.Judge(server.Current, _observed, clock.GetUtcNow());

    /// <summary>One look at the files and at the clients' trust.</summary>
    internal async Task LookAsync(CancellationToken ct)
    {
        try
        {
            var certificate = await File.ReadAllTextAsync(options.CertificatePath, ct);
            var key = await File.ReadAllTextAsync(options.KeyPath, ct);
            server.Use(CertificatePair.Load(certificate, key).Certificate);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            // Half of an exchange, perhaps: what was served goes on, and the next look may be luckier.
            Log.CertificateUnreadable(log, options.CertificatePath, e.Message);
        }

        try
        {
            _observed = await Task.WhenAll(_targets.Select(target => target.EnsureAsync(null, ct)));
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            Log.TrustUnreadable(log, e.Message);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await LookAsync(stoppingToken);
            await Task.Delay(options.Interval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
