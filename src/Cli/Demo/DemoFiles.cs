using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Turnpike.Cli.Demo;

/// <summary>The manifests of the walkthrough in a temporary directory, which is removed at the end.</summary>
internal sealed class DemoFiles : IDisposable
{
    private const string SamplePrefix = "samples/";

    public string Root { get; } = Directory.CreateTempSubdirectory("turnpike-demo-").FullName;

    /// <summary>The directory that <c>turnpike serve</c> reads.</summary>
    public string ConfigDir => Directory.CreateDirectory(Path.Combine(Root, "config")).FullName;

    public static IEnumerable<string> SampleNames =>
        typeof(DemoFiles).Assembly.GetManifestResourceNames().Where(n => n.StartsWith(SamplePrefix, StringComparison.Ordinal)).Select(n => n[SamplePrefix.Length..]);

    /// <summary>Returns a file of <c>config/samples</c>, which is embedded in the program.</summary>
    public static string Sample(string name)
    {
        using var stream = typeof(DemoFiles).Assembly.GetManifestResourceStream(SamplePrefix + name)
            ?? throw new InvalidOperationException($"sample {name} is not part of the program");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>A sample without its comment lines.</summary>
    public static string SampleText(string name) =>
        string.Join('\n', Sample(name).Split('\n').Where(l => !l.StartsWith('#')));

    public string Apply(string name, string text)
    {
        var file = Path.Combine(ConfigDir, name);
        File.WriteAllText(file, text);
        return file;
    }

    public void Delete(string name) => File.Delete(Path.Combine(ConfigDir, name));

    /// <summary>What <c>openssl req -x509</c> and <c>kubectl create secret tls</c> make in the walkthrough.</summary>
    public static string TlsSecret(string ns, string name, string commonName, DateTimeOffset now)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={commonName}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(now.AddMinutes(-5), now.AddDays(365));
        return $"""
            apiVersion: v1
            kind: Secret
            metadata:
              name: {name}
              namespace: {ns}
            type: kubernetes.io/tls
            data:
              tls.crt: {Base64(certificate.ExportCertificatePem())}
              tls.key: {Base64(key.ExportPkcs8PrivateKeyPem())}
            """;
    }

    public static string Endpoints(Uri address) => $"""
        apiVersion: v1
        kind: Endpoints
        metadata:
          name: httpbin
        subsets:
        - addresses:
          - ip: {address.Host}
          ports:
          - name: http
            port: {address.Port}
        """;

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private static string Base64(string text) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text));
}
