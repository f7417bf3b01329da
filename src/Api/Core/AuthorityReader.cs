using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Turnpike.Reading;

namespace Turnpike.Api.Core;

/// <summary>
/// The certificates of an authority under <see cref="Names.CaCertificateKey"/> of a Secret of any type. Many Secrets have that key for
/// other
/// purposes, so an error is reported only to those who name the Secret as an authority. Messages never contain any of its contents.
/// </summary>
/// <param name="Metadata">Namespace and name of the Secret.</param>
/// <param name="Pem">The certificates alone; empty if there are none that can be used.</param>
/// <param name="Fault">The field that is wrong in the newest version and what would be right; null if it is valid.</param>
public sealed record AuthorityObject(ObjectMeta Metadata, string Pem, string? Fault);

/// <summary>Reads an <see cref="AuthorityObject"/>.</summary>
public static class AuthorityReader
{
    /// <summary>The largest size of the certificates, which the route table repeats for each cluster that is verified by them.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>Reads the certificates. It never fails; <see cref="AuthorityObject.Fault"/> says what is wrong.</summary>
    public static AuthorityObject Read(JsonObject raw)
    {
        var full = ObjectMetaReader.Read(raw["metadata"]);
        // Only the name is kept. Annotations repeat what was applied, which may include other keys of the Secret.
        var metadata = new ObjectMeta { Namespace = full.Namespace, Name = full.Name };
        var (text, path, fault) = Text(raw);
        if (fault is null)
            (text, fault) = Certificates(text);
        return fault is null ? new AuthorityObject(metadata, text, null) : new AuthorityObject(metadata, "", $"{path}: {fault}");
    }

    /// <summary>Returns the value of the key. As in the API server, <c>stringData</c> wins over <c>data</c>.</summary>
    private static (string Text, string Path, string? Fault) Text(JsonObject raw)
    {
        var (path, node) = ("data", Entry(raw, "data"));
        if (Entry(raw, "stringData") is { } plain)
            (path, node) = ("stringData", plain);
        var at = FieldPath.Key(path, Names.CaCertificateKey);
        if (node is null)
            return ("", at, "required: the certificates of the authority in PEM form");
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

    /// <summary>Returns the certificates re-encoded, so that no comment and no private key beside them is passed on.</summary>
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
