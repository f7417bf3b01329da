using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Turnpike.Api.Mesh;
using Turnpike.Compiler;
using Turnpike.Reading;
using Turnpike.Routing;
using Turnpike.Yaml;

namespace Turnpike.Tests.Support.Compiler;

/// <summary>Manifests as text into an <see cref="ObjectStore"/>, and what comes out as text.</summary>
internal static partial class Manifests
{
    private static readonly DateTimeOffset Issued = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Dictionary<string, (string Certificate, string Key)> Pairs = [];

    public static void Put(this ObjectStore store, string yaml) => store.Put(yaml, _ => true);

    public static void Put(this ObjectStore store, string yaml, Func<JsonObject, bool> wanted)
    {
        foreach (var document in YamlText.Read(WithCertificates(yaml)))
        {
            Assert.Null(document.Error);
            if (document.Root is JsonObject raw && ObjectStore.Reads(raw) && wanted(raw))
                store.Put(KeyOf(raw), ReadObject.From(raw));
        }
    }

    public static string Compile(this ObjectStore store)
    {
        var (snapshot, invalid) = store.Snapshot();
        snapshot = snapshot with { DefaultEndpointAddresses = EndpointAddresses.Any };
        var compilation = RouteCompiler.Compile(snapshot);
        var diagnostics = invalid.AddRange(compilation.Diagnostics).Select(d => d.ToString()).ToList();
        Assert.All(diagnostics, d => Assert.DoesNotContain('\n', d));
        Assert.Equal(
            RouteTableJson.WithVersion(compilation.Table).Version,
            RouteTableJson.WithVersion(RouteCompiler.Compile(snapshot).Table).Version);
        return TableText.Write(compilation.Table)
            + (diagnostics.Count == 0 ? "" : "diagnostics\n" + string.Concat(diagnostics.Select(d => $"  {d}\n")));
    }

    public static ObjectKey KeyOf(JsonObject raw) =>
        new((string)raw["kind"]!, (string?)raw["metadata"]!["namespace"] ?? "", (string)raw["metadata"]!["name"]!);

    /// <summary>
    /// <c>${CERTIFICATE name}</c> and <c>${KEY name}</c> stand for a pair made on the spot: no key lies in the repository.
    /// </summary>
    private static string WithCertificates(string yaml) => Placeholder().Replace(yaml, match =>
    {
        var name = match.Groups["name"].Value;
        lock (Pairs)
        {
            if (!Pairs.TryGetValue(name, out var pair))
                Pairs.Add(name, pair = MakePair(name));
            var pem = match.Groups["what"].Value == "KEY" ? pair.Key : pair.Certificate;
            return pem.Replace("\n", "\\n", StringComparison.Ordinal);
        }
    });

    private static (string Certificate, string Key) MakePair(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(Issued, Issued.AddYears(20));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    [GeneratedRegex(@"\$\{(?<what>CERTIFICATE|KEY) (?<name>[^}]+)\}")]
    private static partial Regex Placeholder();
}
