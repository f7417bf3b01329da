using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Turnpike.Reading;

namespace Turnpike.Api.Core;

/// <summary>
/// The certificates of an authority in a Secret of any type, under <see cref="Names.CaCertificateKey"/>. Many Secrets have that key and serve another end, so
/// a fault of it is the matter of those who name the Secret for it. Nothing of the contents gets into a message.
/// </summary>
/// <param name="Pem">Certificates and nothing else; empty where none can be used.</param>
/// <param name="Fault">What is wrong with the newest version: field and what would be right; null where nothing is.</param>
public sealed record AuthorityObject(ObjectMeta Metadata, string Pem, string? Fault);

/// <summary>Reads an <see cref="AuthorityObject"/>.</summary>
public static class AuthorityReader
{
    /// <summary>The certificates are part of the route table, once for each cluster that is verified by them.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>Never fails: what is wrong is in <see cref="AuthorityObject.Fault"/>.</summary>
    public static AuthorityObject Read(JsonObject raw)
    {
        var full = ObjectMetaReader.Read(raw["metadata"]);
        // No more of it than its name: annotations repeat what was applied, and other keys of the Secret are nobody's business here.
        var metadata = new ObjectMeta { Namespace = full.Namespace, Name = full.Name };
        var (text, path, fault) = Text(raw);
        if (fault is null)
            (text, fault) = Certificates(text);
        return fault is null ? new AuthorityObject(metadata, text, null) : new AuthorityObject(metadata, "", $"{path}: {fault}");
    }

    /// <summary>As the API server does it, <c>stringData</c> wins over <c>data</c>.</summary>
    private static (string Text, string Path, string? Fault) Text(JsonObject raw)
    {
        var (path, node) = ("data", Entry(raw, "data"));
        if (Entry(raw, "stringData") is { } plain)
            (path, node) = ("stringData", plain);
        var at = FieldPath.Key(path, Names.CaCertificateKey);
        if (node is null)
            return ("", at, "required, the certificates of the authority in PEM form");
        if (!JsonText.TryString(node, out var text))
            return ("", at, $"must be a string, not {JsonText.KindOf(node)}");
        if (path == "data")
        {
            var bytes = new byte[text.Length];
            if (!Convert.TryFromBase64String(text, bytes, out var count))
                return ("", at, "must be base64; plain text belongs under stringData");
            text = Encoding.UTF8.GetString(bytes, 0, count);
        }
        return Encoding.UTF8.GetByteCount(text) <= MaxBytes ? (text, at, null) : ("", at, $"must be at most {MaxBytes} bytes");
    }

    private static JsonNode? Entry(JsonObject raw, string name) =>
        raw[name] is JsonObject map && JsonText.TryFields(map, out _, out _) ? map[Names.CaCertificateKey] : null;

    /// <summary>Written anew, so that neither a comment nor a key that lies beside the certificates travels on.</summary>
    private static (string Pem, string? Fault) Certificates(string text)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(text);
            return certificates.Count == 0
                ? ("", "must hold a certificate in PEM form (-----BEGIN CERTIFICATE-----)")
                : (string.Join('\n', certificates.Select(c => c.ExportCertificatePem())) + "\n", null);
        }
        catch (CryptographicException)
        {
            return ("", "must hold certificates in PEM form; one of them cannot be read");
        }
        finally
        {
            foreach (var certificate in certificates)
                certificate.Dispose();
        }
    }
}
