using Turnpike.Hosting.Watch;

namespace Turnpike.Hosting.Certificates;

/// <summary>Somewhere that clients learn whom to trust.</summary>
public interface ITrustTarget
{
    /// <summary>Brings the trusted bundle in line and says what it is now; with null, only looks.</summary>
    Task<TrustObservation> EnsureAsync(string? bundlePem, CancellationToken ct);

    /// <summary>Watches for changes by others, so that they can be undone at once; null when there is nothing to watch.</summary>
    IInformer? Watch(Action changed);
}

/// <summary>Whom the clients of one target trust.</summary>
/// <param name="Target">Names it for people.</param>
/// <param name="Bundles">Each bundle in use, in PEM; none when the target does not exist.</param>
public sealed record TrustObservation(string Target, IReadOnlyList<string> Bundles);

/// <summary>Whether clients can talk to us, and if not, why.</summary>
public sealed record CertificateReadiness(bool IsReady, string Reason)
{
    internal static readonly CertificateReadiness Starting = new(false, "no certificate yet");
}
