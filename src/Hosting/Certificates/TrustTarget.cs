using Turnpike.Hosting.Watch;

namespace Turnpike.Hosting.Certificates;

/// <summary>An object from which clients learn which authorities to trust.</summary>
public interface ITrustTarget
{
    /// <summary>Writes the trusted bundle if it differs, and returns what is there now. With null it only reads.</summary>
    Task<TrustObservation> EnsureAsync(string? bundlePem, CancellationToken ct);

    /// <summary>Watches for changes by others, so that they are corrected at once. Returns null when there is nothing to watch.</summary>
    IInformer? Watch(Action changed);
}

/// <summary>The authorities that the clients of one target trust.</summary>
/// <param name="Target">The target's kind and name, for messages.</param>
/// <param name="Bundles">Each bundle in use, in PEM; none when the target does not exist.</param>
public sealed record TrustObservation(string Target, IReadOnlyList<string> Bundles);

/// <summary>Whether clients accept the serving certificate, and why not.</summary>
public sealed record CertificateReadiness(bool IsReady, string Reason)
{
    internal static readonly CertificateReadiness Starting = new(false, "there is no certificate yet");
}
