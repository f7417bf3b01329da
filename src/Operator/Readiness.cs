using Turnpike.Discovery;
using Turnpike.Hosting.Certificates;
using Turnpike.Hosting.Watch;
using Turnpike.Webhooks;

namespace Turnpike.Operator;

/// <summary>Whether this replica may get requests.</summary>
internal sealed class Readiness(
    DiscoveryStates states, IServingCertificates certificates, ClusterVersions versions, Informer<OperatorHost.ProofRecord> proofs)
{
    /// <summary>
    /// Why the replica is not ready; null when it is. The self-test is not part of it, because it goes through replicas that are ready.
    /// </summary>
    public string? NotReadyReason =>
        !states.IsRead ? "the cluster has not been read yet"
        : !versions.IsSettled ? "the versions of the API server and the nodes are not known yet"
        : !proofs.Synced.IsCompleted ? "the record of proven images has not been read yet"
        : certificates.IsReady ? null
        : $"certificates: {certificates.Readiness.Reason}";
}
