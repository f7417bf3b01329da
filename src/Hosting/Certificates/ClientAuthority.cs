using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace Turnpike.Hosting.Certificates;

/// <summary>
/// Accepts only clients with a certificate of an authority. The authorities are read again for each connection, so that they can be
/// replaced.
/// </summary>
/// <param name="file">The authorities' certificates in PEM. While the file cannot be read, all clients are rejected.</param>
public sealed class ClientAuthority(string file, ILogger<ClientAuthority> log)
{
    private const string ForClients = "1.3.6.1.5.5.7.3.2";
    private int _unreadable;

    /// <summary>Makes Kestrel require a certificate from each client.</summary>
    public void Configure(HttpsConnectionAdapterOptions https)
    {
        https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
        https.ClientCertificateValidation = (certificate, presented, _) => IsTrusted(certificate, presented);
    }

    private bool IsTrusted(X509Certificate2 certificate, X509Chain? presented)
    {
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(file);
            if (authorities.Count == 0)
                throw new CryptographicException("the file holds no certificate");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            if (Interlocked.Exchange(ref _unreadable, 1) == 0)
                Log.ClientAuthorityUnreadable(log, file, SafeText.Of(e.Message));
            return false;
        }
        _unreadable = 0;
        using var chain = new X509Chain { ChainPolicy = PrivateTrust.In(authorities) };
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ForClients));
        if (presented is not null)
            chain.ChainPolicy.ExtraStore.AddRange(presented.ChainPolicy.ExtraStore);
        return chain.Build(certificate);
    }
}
