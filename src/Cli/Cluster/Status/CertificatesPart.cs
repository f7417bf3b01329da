using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Status;

/// <summary>
/// The expiry of the authorities that the API server trusts for our webhooks. Only the public CA bundles are read, no Secret.
/// </summary>
internal static class CertificatesPart
{
    public const string Name = "certificates";

    private static readonly TimeSpan Soon = TimeSpan.FromDays(7);

    public static async Task<StatusPart> ReadAsync(KubeApi api, Profile profile, DateTimeOffset now, CancellationToken ct)
    {
        var webhooks = await WebhooksPart.FindAsync(api, profile, KnownResources.ValidatingWebhooks, ct);
        var bundles = (webhooks ?? []).Select(webhook => webhook.CaBundle).OfType<string>().Distinct().ToList();
        if (bundles.Count == 0)
            return StatusPart.Unknown(Name, "no CA bundle to read");
        var problems = new List<string>();
        var authorities = new Dictionary<string, Authority>(StringComparer.Ordinal);
        foreach (var bundle in bundles)
        {
            if (!TryRead(bundle, authorities))
                problems.Add("a CA bundle holds no certificates");
        }
        // During a rotation both authorities are trusted, and the old one may expire.
        var last = authorities.Values.Select(authority => authority.NotAfter).DefaultIfEmpty().Max();
        if (authorities.Count > 0 && last <= now)
            problems.Add($"every authority has expired, the last on {Day(last)}: the API server does not trust our webhooks");
        else if (authorities.Count > 0 && last - now < Soon)
            problems.Add($"the authority expires on {Day(last)} and has not been renewed");
        return new StatusPart(Name, authorities.Count == 0 ? "none" : $"webhook authority until {Day(last)}")
        {
            Problems = problems,
            Items = [.. authorities.Values.OrderBy(authority => authority.NotAfter).Select(authority => new JsonObject
            {
                ["subject"] = authority.Subject,
                ["notAfter"] = authority.NotAfter.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            })],
        };
    }

    private static bool TryRead(string bundle, Dictionary<string, Authority> authorities)
    {
        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPem(Encoding.ASCII.GetString(Convert.FromBase64String(bundle)));
            foreach (var certificate in certificates)
            {
                authorities[certificate.Thumbprint] = new Authority(certificate.Subject, certificate.NotAfter.ToUniversalTime());
                certificate.Dispose();
            }
            return certificates.Count > 0;
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            return false;
        }
    }

    private static string Day(DateTimeOffset time) => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private sealed record Authority(string Subject, DateTimeOffset NotAfter);
}
