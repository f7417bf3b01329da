using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Turnpike.Hosting.Certificates;

/// <summary>A certificate with its private key, and the PEM of both.</summary>
internal sealed class CertificatePair
{
    private CertificatePair(string certificatePem, string keyPem, X509Certificate2 certificate) =>
        (CertificatePem, KeyPem, Certificate) = (certificatePem, keyPem, certificate);

    public string CertificatePem { get; }

    public string KeyPem { get; }

    public X509Certificate2 Certificate { get; }

    public DateTimeOffset NotBefore => new(Certificate.NotBefore);

    public DateTimeOffset NotAfter => new(Certificate.NotAfter);

    /// <summary>The time at which two thirds of the certificate's lifetime have passed.</summary>
    public DateTimeOffset RenewAt => NotBefore + (NotAfter - NotBefore) * 2 / 3;

    /// <exception cref="CryptographicException">The texts are not a certificate and its key.</exception>
    public static CertificatePair Load(string certificatePem, string keyPem)
    {
        try
        {
            // The pair goes through PKCS #12, because TLS on some platforms cannot use a key that was loaded from PEM.
            using var bare = X509Certificate2.CreateFromPem(certificatePem, keyPem);
            return new(certificatePem, keyPem, X509CertificateLoader.LoadPkcs12(bare.Export(X509ContentType.Pkcs12), null));
        }
        catch (ArgumentException e)
        {
            throw new CryptographicException(e.Message, e);
        }
    }

    public static CertificatePair? TryLoad(string? certificatePem, string? keyPem)
    {
        if (certificatePem is null || keyPem is null)
            return null;
        try
        {
            return Load(certificatePem, keyPem);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    public bool IsValidAt(DateTimeOffset now) => NotBefore <= now && now < NotAfter;
}
