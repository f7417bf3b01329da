using Turnpike.Api.Core;
using Turnpike.Compiler;

namespace Turnpike.Operator.Status;

/// <summary>Finds the other replicas of the operator, as a pure function of the snapshot.</summary>
internal static class PeerDirectory
{
    /// <param name="snapshot">The cluster.</param>
    /// <param name="ownIp">The IP of this replica.</param>
    /// <returns>
    /// Every other pod of the operator, because one that is terminating may still have proxies. A replica is expected when the Service
    /// sends proxies to it. A pod that is starting, crashing or terminating is not.
    /// </returns>
    public static IReadOnlyList<Peer> Of(ClusterSnapshot snapshot, string ownIp)
    {
        var endpoints = snapshot.Endpoints
            .Where(e => e.Metadata.Namespace == snapshot.Profile.SystemNamespace && e.ServiceName == Deployed.Operator)
            .SelectMany(e => e.Subsets)
            .SelectMany(s => s.Addresses)
            .Where(a => a.Ready)
            .ToList();
        return
        [
            .. snapshot.Pods
                .Where(p => p.Metadata.Namespace == snapshot.Profile.SystemNamespace)
                .Where(p => p.Metadata.Labels.GetValueOrDefault(Deployed.OperatorLabel) == Deployed.Operator)
                .Where(p => !p.Ips.IsEmpty && p.Ips[0] != ownIp)
                .DistinctBy(p => p.Ips[0])
                .Select(p => new Peer(p.Ips[0], p.Metadata.Name, endpoints.Exists(e => IsOf(e, p)))),
        ];
    }

    private static bool IsOf(EndpointAddress endpoint, PodObject pod) =>
        endpoint.PodName is null ? pod.Ips.Contains(endpoint.Ip) : endpoint.PodName == pod.Metadata.Name;
}
