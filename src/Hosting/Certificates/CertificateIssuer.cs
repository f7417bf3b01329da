using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Turnpike.Hosting.Certificates;

/// <summary>Issues certificates with ECDSA P-256 and SHA-256.</summary>
internal static class CertificateIssuer
{
    /// <summary>How far before now a certificate begins, because the clocks of other machines may be behind this one's.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");

    /// <summary>Issues a new authority. Its name is unique, so that two authorities in one bundle cannot be confused.</summary>
    public static CertificatePair NewAuthority(string name, DateTimeOffset now, TimeSpan lifetime)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var random = RandomNumberGenerator.GetHexString(8, true);
        var unique = string.Create(CultureInfo.InvariantCulture, $"{name} {now:yyyyMMddHHmmss} {random}");
        var request = new CertificateRequest(NameOf(unique), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(X509BasicConstraintsExtension.CreateForCertificateAuthority(0));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var made = request.CreateSelfSigned(now - Skew, now + lifetime);
        return CertificatePair.Load(made.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>Issues a server certificate for these names. It never expires after its authority.</summary>
    public static CertificatePair NewLeaf(CertificatePair authority, IReadOnlyList<string> names, DateTimeOffset now, TimeSpan lifetime)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(NameOf(names[0]), key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
            alternatives.AddDnsName(name);
        request.CertificateExtensions.Add(alternatives.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([ServerAuthentication], false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority.Certificate, true, false));

        var from = Later(now - Skew, authority.NotBefore);
        var to = Earlier(now + lifetime, authority.NotAfter);
        using var made = request.Create(authority.Certificate, from, to, RandomNumberGenerator.GetBytes(16));
        return CertificatePair.Load(made.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>Returns whether a client that trusts this bundle accepts the certificate at that time.</summary>
    public static bool Chains(X509Certificate2 leaf, string bundlePem, DateTimeOffset now)
    {
        var roots = ReadBundle(bundlePem);
        if (roots.Count == 0)
            return false;
        using var chain = new X509Chain { ChainPolicy = PrivateTrust.In(roots) };
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        return chain.Build(leaf);
    }

    /// <summary>Returns the certificates of a bundle, or none when it cannot be read.</summary>
    public static X509Certificate2Collection ReadBundle(string pem)
    {
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(pem);
        }
        catch (CryptographicException)
        {
            found.Clear();
        }

        return found;
    }

    private static X500DistinguishedName NameOf(string commonName)
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddCommonName(commonName.Length <= 64 ? commonName : commonName[^64..]);
        return builder.Build();
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
