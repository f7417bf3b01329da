using Turnpike.Compiler;

namespace Turnpike.Operator.Status;

/// <summary>Which other replicas there are, by what the cluster says: pure.</summary>
internal static class PeerDirectory
{
    /// <param name="snapshot">The cluster.</param>
    /// <param name="ownIp">By which this replica knows itself.</param>
    /// <returns>
    /// Every pod of the operator: one that is ending may still have proxies. Expected are those that the Service sends proxies to; a pod
    /// that is starting, crashing or ending is not.
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
                .Where(p => p.Metadata.Namespace == snapshot.Profile.SystemNamespace && p.Metadata.Labels.GetValueOrDefault(Deployed.OperatorLabel) == Deployed.Operator)
                .Where(p => !p.Ips.IsEmpty && p.Ips[0] != ownIp)
                .DistinctBy(p => p.Ips[0])
                .Select(p => new Peer(p.Ips[0], p.Metadata.Name, endpoints.Exists(e => e.PodName is null ? p.Ips.Contains(e.Ip) : e.PodName == p.Metadata.Name))),
        ];
    }
}
