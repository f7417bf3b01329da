using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Turnpike.Hosting.Certificates;

/// <summary>The files into which another program, such as cert-manager, writes the certificate, and how often they are read.</summary>
public sealed record MountedCertificateOptions(string CertificatePath, string KeyPath)
{
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>
/// Serves a certificate from files and follows their changes. It writes nothing: the program that issues the certificate also takes care
/// that clients trust it.
/// </summary>
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

    /// <summary>Reads the files once, and what the clients trust.</summary>
    internal async Task ReconcileAsync(CancellationToken ct)
    {
        try
        {
            var certificate = await File.ReadAllTextAsync(options.CertificatePath, ct);
            var key = await File.ReadAllTextAsync(options.KeyPath, ct);
            server.Use(CertificatePair.Load(certificate, key).Certificate);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            // The files may be half replaced. The certificate that is served stays until the next attempt.
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
            await ReconcileAsync(stoppingToken);
            await Task.Delay(options.Interval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
