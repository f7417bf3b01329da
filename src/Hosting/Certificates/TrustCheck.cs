using System.Security.Cryptography.X509Certificates;

namespace Turnpike.Hosting.Certificates;

/// <summary>Checks what the clients trust, as read from the API server rather than as written.</summary>
internal static class TrustCheck
{
    /// <summary>Returns whether every client of every existing target accepts the certificate.</summary>
    public static bool Accepted(X509Certificate2 leaf, IEnumerable<TrustObservation> observed, DateTimeOffset now) =>
        Bundles(observed).All(bundle => CertificateIssuer.Chains(leaf, bundle, now));

    /// <summary>Returns whether every client of every existing target trusts this authority.</summary>
    public static bool Trusts(X509Certificate2 authority, IEnumerable<TrustObservation> observed) =>
        Bundles(observed).All(bundle => CertificateIssuer.ReadBundle(bundle)
            .Any(known => known.RawDataMemory.Span.SequenceEqual(authority.RawDataMemory.Span)));

    public static CertificateReadiness Judge(X509Certificate2? leaf, IReadOnlyList<TrustObservation>? observed, DateTimeOffset now)
    {
        if (leaf is null || observed is null)
            return CertificateReadiness.Starting;
        if (now >= leaf.NotAfter.ToUniversalTime())
            return new(false, "the serving certificate has expired");
        if (observed.FirstOrDefault(target => target.Bundles.Count == 0) is { } missing)
            return new(false, $"{missing.Target} does not exist or has no webhooks");
        if (observed.FirstOrDefault(target => !Accepted(leaf, [target], now)) is { } distrusting)
            return new(false, $"{distrusting.Target} does not trust the serving certificate");
        return new(true, "the serving certificate is trusted");
    }

    private static IEnumerable<string> Bundles(IEnumerable<TrustObservation> observed) =>
        observed.SelectMany(target => target.Bundles).Distinct(StringComparer.Ordinal);
}
