using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Turnpike.Api.Core;

namespace Turnpike.Tests.Api;

public sealed class TlsSecretTests
{
    private static readonly (string Certificate, string Key) First = MakePair();
    private static readonly (string Certificate, string Key) Second = MakePair();

    [Theory]
    [InlineData("kubernetes.io/tls")]
    [InlineData("Opaque")]
    [InlineData(null)]
    public void Reads_Base64(string? type)
    {
        var secret = Read(First.Certificate, First.Key, type: type);

        Assert.Empty(secret);
    }

    [Fact]
    public void Reads_PlainText_Chains_AndRsa()
    {
        using var rsa = RSA.Create(2048);
        var certificate = Sign(new CertificateRequest("CN=a", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

        Assert.Empty(Read(certificate + First.Certificate, rsa.ExportRSAPrivateKeyPem(), "stringData"));
    }

    [Fact]
    public void Rejects_KeyOfAnotherCertificate() =>
        Assert.Equal(
            ["data[tls.key]: Invalid value: does not belong to the first certificate of tls.crt"],
            Read(First.Certificate, Second.Key));

    [Fact]
    public void Rejects_KeyOfAnotherKind()
    {
        using var rsa = RSA.Create(2048);

        var error = Assert.Single(Read(First.Certificate, rsa.ExportPkcs8PrivateKeyPem()));

        Assert.StartsWith("data[tls.key]: Invalid value: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Rejects_EncryptedKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var pem = key.ExportEncryptedPkcs8PrivateKeyPem(
            "password", new PbeParameters(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1000));

        Assert.Contains("must not be encrypted", Assert.Single(Read(First.Certificate, pem)), StringComparison.Ordinal);
    }

    [Fact]
    public void Rejects_WhatIsNoPem_EachKeyByItself()
    {
        Assert.Equal(
            [
                "data[tls.crt]: Invalid value: must hold a certificate in PEM form (-----BEGIN CERTIFICATE-----)",
                "data[tls.key]: Invalid value: must hold a private key in PEM form (-----BEGIN PRIVATE KEY-----)",
            ],
            Read(First.Key, First.Certificate));
        Assert.Equal(
            ["data[tls.key]: Invalid value: must hold a readable private key of the same kind as the certificate's"],
            Read(First.Certificate, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
    }

    [Fact]
    public void NoMessage_HoldsKeyMaterial()
    {
        var body = First.Key.Split('\n')[1];
        var raw = Secret(First.Certificate, First.Key, "data", "kubernetes.io/tls");
        var secret = TlsSecretReader.Read(raw).Value!;

        Assert.DoesNotContain(body, secret.ToString(), StringComparison.Ordinal);
        foreach (
            var errors in new[]
            {
                Read(Second.Certificate, First.Key),
                Read(First.Key, First.Key),
                Read(First.Certificate, "x" + body + "#", encode: false),
            })
        {
            Assert.NotEmpty(errors);
            Assert.All(errors, error => Assert.DoesNotContain(body, error, StringComparison.Ordinal));
        }
    }

    private static string[] Read(
        string certificate,
        string key,
        string field = "data",
        string? type = "kubernetes.io/tls",
        bool encode = true) => [.. TlsSecretReader.Read(Secret(certificate, key, field, type, encode)).Errors.Select(e => e.ToString())];

    private static JsonObject Secret(string certificate, string key, string field, string? type, bool encode = true) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Secret",
        ["metadata"] = new JsonObject { ["name"] = "s" },
        ["type"] = type,
        [field] = new JsonObject
        {
            ["tls.crt"] = field == "data" && encode ? Convert.ToBase64String(Encoding.UTF8.GetBytes(certificate)) : certificate,
            ["tls.key"] = field == "data" && encode ? Convert.ToBase64String(Encoding.UTF8.GetBytes(key)) : key,
        },
    };

    private static (string Certificate, string Key) MakePair()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return (Sign(new CertificateRequest("CN=a", key, HashAlgorithmName.SHA256)), key.ExportPkcs8PrivateKeyPem());
    }

    private static string Sign(CertificateRequest request)
    {
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        using var certificate = request.CreateSelfSigned(start, start.AddYears(10));
        return certificate.ExportCertificatePem() + "\n";
    }
}
