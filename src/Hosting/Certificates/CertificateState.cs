using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Certificates;

/// <summary>The contents of the Secret. Parts that are missing or unreadable are null.</summary>
internal sealed record CertificateState
{
    private const string AuthorityPart = "ca";
    private const string LeafPart = "tls";
    private const string NextPart = "next-ca";
    private const string RetiredCertificate = "old-ca.crt";
    private const string RetiredUntilText = "old-ca.until";

    /// <summary>The authority that signs the leaf.</summary>
    public CertificatePair? Authority { get; init; }

    public CertificatePair? Leaf { get; init; }

    /// <summary>The next authority, which clients are told to trust and which does not sign yet.</summary>
    public CertificatePair? Next { get; init; }

    /// <summary>The certificate of the former authority, which is still trusted and no longer signs.</summary>
    public string? Retired { get; init; }

    public DateTimeOffset? RetiredUntil { get; init; }

    /// <summary>All trusted authorities, in PEM.</summary>
    public string Bundle => string.Concat(
        new[] { Authority?.CertificatePem, Next?.CertificatePem, Retired }.OfType<string>().Select(pem => pem.TrimEnd() + "\n"));

    public static CertificateState Read(JsonElement secret)
    {
        var data = secret.Child("data");
        var retired = Decode(data?.Text(RetiredCertificate));
        return new()
        {
            Authority = Pair(AuthorityPart),
            Leaf = Pair(LeafPart),
            Next = Pair(NextPart),
            Retired = retired is not null && CertificateIssuer.ReadBundle(retired).Count > 0 ? retired : null,
            RetiredUntil = DateTimeOffset.TryParse(
                Decode(data?.Text(RetiredUntilText)), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var until)
                ? until
                : null,
        };

        CertificatePair? Pair(string part) =>
            CertificatePair.TryLoad(Decode(data?.Text(part + ".crt")), Decode(data?.Text(part + ".key")));
    }

    /// <summary>Writes this state into the Secret's data and changes nothing else.</summary>
    public void WriteTo(JsonObject secret)
    {
        if (secret["data"] is not JsonObject data)
            secret["data"] = data = [];
        Pair(AuthorityPart, Authority);
        Pair(LeafPart, Leaf);
        Pair(NextPart, Next);
        Text(RetiredCertificate, Retired);
        Text(RetiredUntilText, RetiredUntil?.ToString("O", CultureInfo.InvariantCulture));

        void Pair(string part, CertificatePair? pair)
        {
            Text(part + ".crt", pair?.CertificatePem);
            Text(part + ".key", pair?.KeyPem);
        }

        void Text(string key, string? text)
        {
            if (text is null)
                data.Remove(key);
            else
                data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
        }
    }

    private static string? Decode(string? base64)
    {
        if (base64 is null)
            return null;
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(base64));
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
