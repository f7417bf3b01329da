namespace Turnpike.Hosting.Certificates;

/// <summary>Wherever the serving certificate comes from.</summary>
public interface IServingCertificates
{
    /// <summary>Whether every client accepts the certificate that is served, judged by what was last seen in the API server.</summary>
    CertificateReadiness Readiness { get; }

    bool IsReady => Readiness.IsReady;
}
