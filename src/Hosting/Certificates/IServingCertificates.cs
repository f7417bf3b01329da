namespace Turnpike.Hosting.Certificates;

/// <summary>The source of the serving certificate.</summary>
public interface IServingCertificates
{
    /// <summary>Whether every client accepts the certificate that is served, by what was last read from the API server.</summary>
    CertificateReadiness Readiness { get; }

    bool IsReady => Readiness.IsReady;
}
