using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Turnpike.Reading;

namespace Turnpike.Api.Core;

/// <summary>
/// Reads a Secret with a certificate: type <c>kubernetes.io/tls</c>, or type Opaque with the same two keys. It verifies that certificate
/// and key
/// belong together. Messages never contain any of its contents.
/// </summary>
public static class TlsSecretReader
{
    private const string Certificate = "tls.crt";
    private const string Key = "tls.key";
    private const string Foreign = "does not belong to the first certificate of tls.crt";

    private static readonly string[] Types = ["kubernetes.io/tls", "Opaque"];

    public static Decoded<TlsSecretObject> Read(JsonObject raw)
    {
        var findings = new Findings();
        var top = new ObjectReader(findings, raw);
        top.ExpectType(["v1"], "Secret");
        if (top.String("type") is { } type && !Types.Contains(type))
            top.AddError(FieldError.Unsupported("type", JsonText.Quote(type), Types));
        var data = top.Object("data");
        var stringData = top.Object("stringData");
        var (certificate, certificatePath) = ReadPem(findings, data, stringData, Certificate, "the certificate chain in PEM form");
        var (key, keyPath) = ReadPem(findings, data, stringData, Key, "the private key in PEM form");
        var certificateFault = certificate.Length > 0 ? CertificateFault(certificate) : null;
        var keyFault = key.Length > 0 ? KeyFault(key) : null;
        if (certificate.Length > 0 && key.Length > 0 && certificateFault is null)
            keyFault ??= PairFault(certificate, key);
        if (certificateFault is not null)
            findings.AddError(FieldError.Invalid(certificatePath, null, certificateFault));
        if (keyFault is not null)
            findings.AddError(FieldError.Invalid(keyPath, null, keyFault));
        return findings.Result(new TlsSecretObject(ObjectMetaReader.Read(top.Raw("metadata")), certificate, key));
    }

    /// <summary>Returns the value of a key. As in the API server, <c>stringData</c> wins over <c>data</c>.</summary>
    private static (string Pem, string Path) ReadPem(
        Findings findings, ObjectReader? data, ObjectReader? stringData, string name, string wanted)
    {
        var source = stringData?.Has(name) == true ? stringData : data;
        var path = FieldPath.Key(source == stringData && source is not null ? "stringData" : "data", name);
        if (source?.Raw(name) is not { } node)
        {
            findings.AddError(FieldError.Required(path, wanted));
            return ("", path);
        }
        if (!JsonText.TryString(node, out var text))
        {
            findings.AddError(FieldError.Invalid(path, null, $"must be a string, not {JsonText.KindOf(node)}"));
            return ("", path);
        }
        if (source == data)
        {
            var bytes = new byte[text.Length];
            if (!Convert.TryFromBase64String(text, bytes, out var count))
            {
                findings.AddError(FieldError.Invalid(path, null, "must be base64; plain text belongs under stringData"));
                return ("", path);
            }
            text = Encoding.UTF8.GetString(bytes, 0, count);
        }
        if (string.IsNullOrWhiteSpace(text))
            findings.AddError(FieldError.Required(path, wanted));
        return (text.Trim().Length == 0 ? "" : text, path);
    }

    private static string? CertificateFault(string pem)
    {
        var chain = new X509Certificate2Collection();
        try
        {
            chain.ImportFromPem(pem);
            return chain.Count > 0 ? null : "must hold a certificate in PEM form (-----BEGIN CERTIFICATE-----)";
        }
        catch (CryptographicException)
        {
            return "must hold certificates in PEM form; one of them cannot be read";
        }
        finally
        {
            Dispose(chain);
        }
    }

    private static string? KeyFault(string pem)
    {
        // Both encrypted forms contain the word: PKCS#8 in its label, the older form in its header.
        if (pem.Contains("ENCRYPTED", StringComparison.Ordinal))
            return "must not be encrypted: the proxy cannot ask for a password";
        for (var rest = pem.AsSpan(); PemEncoding.TryFind(rest, out var block); rest = rest[block.Location.End..])
        {
            if (rest[block.Label].EndsWith("PRIVATE KEY", StringComparison.Ordinal))
                return null;
        }
        return "must hold a private key in PEM form (-----BEGIN PRIVATE KEY-----)";
    }

    private static string? PairFault(string certificatePem, string keyPem)
    {
        try
        {
            using var pair = X509Certificate2.CreateFromPem(certificatePem, keyPem);
            return null;
        }
        catch (ArgumentException)
        {
            return Foreign;
        }
        catch (CryptographicException e)
        {
            return e.InnerException is ArgumentException ? Foreign : "must hold a readable private key of the same kind as the certificate's";
        }
    }

    private static void Dispose(X509Certificate2Collection chain)
    {
        foreach (var certificate in chain)
            certificate.Dispose();
    }
}
