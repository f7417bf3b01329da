using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Turnpike.Api.Core;

namespace Turnpike.Tests.Api;

public sealed class AuthorityTests
{
    private static readonly (string Certificate, string Key) First = Make("first");
    private static readonly (string Certificate, string Key) Second = Make("second");

    [Theory]
    [InlineData("data")]
    [InlineData("stringData")]
    public void Reads_EveryCertificate_AndNothingBesides(string field)
    {
        var authority = Read(field, $"# who signs\n{First.Certificate}\n{First.Key}\nrest\n{Second.Certificate}");

        Assert.Null(authority.Fault);
        Assert.Equal($"{First.Certificate}\n{Second.Certificate}\n", authority.Pem);
        Assert.Equal("default/authority", authority.Metadata.ToString());
        Assert.Empty(authority.Metadata.Annotations);
    }

    [Fact]
    public void Names_WhatIsMissing() =>
        Assert.Equal(
            ("", "data[ca.crt]: required: the certificates of the authority in PEM form"),
            Of(
                AuthorityReader.Read(
                    JsonNode.Parse("""{"kind":"Secret","metadata":{"name":"authority"},"data":{"other":"eA=="}}""")!.AsObject())));

    [Theory]
    [InlineData("""{"data":{"ca.crt":"&&"}}""", "data[ca.crt]: must be base64; plain text belongs under stringData")]
    [InlineData("""{"data":{"ca.crt":""}}""", "data[ca.crt]: must hold a certificate in PEM form (-----BEGIN CERTIFICATE-----)")]
    [InlineData("""{"data":{"ca.crt":5}}""", "data[ca.crt]: must be a string, not a number")]
    [InlineData("""{"data":[]}""", "data[ca.crt]: required: the certificates of the authority in PEM form")]
    [InlineData("""{"data":{"ca.crt":"eA==","ca.crt":"eA=="}}""", "data[ca.crt]: required: the certificates of the authority in PEM form")]
    [InlineData(
        """{"stringData":{"ca.crt":"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}}""",
        "stringData[ca.crt]: must hold certificates in PEM form; one of them cannot be read")]
    public void Rejects_WhatHoldsNoCertificate(string json, string fault) =>
        Assert.Equal(("", fault), Of(AuthorityReader.Read(JsonNode.Parse(json)!.AsObject())));

    /// <summary>One that is read beside one that is not may be the wrong one.</summary>
    [Fact]
    public void Rejects_APartThatCannotBeRead() => Assert.Equal(
        ("", "stringData[ca.crt]: must hold certificates in PEM form; one of them cannot be read"),
        Of(Read("stringData", First.Certificate + "\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")));

    [Fact]
    public void Rejects_AKeyInstead() => Assert.Equal(
        ("", "stringData[ca.crt]: must hold a certificate in PEM form (-----BEGIN CERTIFICATE-----)"), Of(Read("stringData", First.Key)));

    [Fact]
    public void Rejects_MoreThanTheTableHasRoomFor() =>
        Assert.Equal(
            ("", "data[ca.crt]: must be at most 65536 bytes"),
            Of(Read("data", First.Certificate + new string('\n', AuthorityReader.MaxBytes))));

    private static (string Pem, string? Fault) Of(AuthorityObject authority) => (authority.Pem, authority.Fault);

    private static AuthorityObject Read(string field, string text) =>
        AuthorityReader.Read(
            new JsonObject
            {
                ["kind"] = "Secret",
                ["metadata"] = new JsonObject
                {
                    ["namespace"] = "default",
                    ["name"] = "authority",
                    ["annotations"] = new JsonObject { ["last-applied"] = "password" },
                },
                [field] = new JsonObject { ["ca.crt"] = field == "data" ? Convert.ToBase64String(Encoding.UTF8.GetBytes(text)) : text },
            });

    private static (string Certificate, string Key) Make(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSelfSigned(
            DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
