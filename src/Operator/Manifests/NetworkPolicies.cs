using System.Text.Json.Nodes;
using Turnpike.Api;

namespace Turnpike.Operator.Manifests;

/// <summary>
/// Policies for connections to the pods of operator and ingress: everything that they do not allow is closed. Connections from these pods
/// are not restricted, because the proxy connects to the pods of any Service, and the operator to the API server, whose address a policy
/// cannot name.
/// </summary>
internal static class NetworkPolicies
{
    public static IEnumerable<JsonObject> All(Profile profile) => [Operator(profile), Ingress(profile)];

    /// <remarks>
    /// The API server connects to the webhooks from the network of its nodes, which a policy cannot select. So that port is open, as is the
    /// one of the kubelet's probes and of scrapes. Discovery is open to the ingress and the other replicas; sidecars capture no traffic and
    /// need no table.
    /// </remarks>
    private static JsonObject Operator(Profile profile) => KubeYaml.Object($"""
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: {Deployed.Operator}
          namespace: {profile.SystemNamespace}
          labels:
            app.kubernetes.io/part-of: turnpike
        spec:
          podSelector:
            matchLabels:
              {Deployed.OperatorLabel}: {Deployed.Operator}
          policyTypes: [Ingress]
          ingress:
          - ports:
            - protocol: TCP
              port: {Deployed.WebhookPort}
            - protocol: TCP
              port: {Deployed.HealthPort}
          - from:
            - podSelector:
                matchLabels:
                  {profile.IngressLabel.Key}: {profile.IngressLabel.Value}
            - podSelector:
                matchLabels:
                  {Deployed.OperatorLabel}: {Deployed.Operator}
            ports:
            - protocol: TCP
              port: {Deployed.DiscoveryPort}
        """);

    /// <remarks>
    /// The status port is open to the kubelet's probes and scrapes. The table is on loopback, which a policy cannot open.
    /// </remarks>
    private static JsonObject Ingress(Profile profile) => KubeYaml.Object($"""
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: {profile.IngressService}
          namespace: {profile.SystemNamespace}
          labels:
            app.kubernetes.io/part-of: turnpike
        spec:
          podSelector:
            matchLabels:
              {profile.IngressLabel.Key}: {profile.IngressLabel.Value}
          policyTypes: [Ingress]
          ingress:
          - ports:
            {string.Join("\n    ", Deployed.IngressPorts.Select(p => $"- {{protocol: TCP, port: {p.ContainerPort}}}"))}
          - from:
            - namespaceSelector: <>
            ports:
            - protocol: TCP
              port: {Deployed.ProxyStatusPort}
        """.Replace("<>", "{}", StringComparison.Ordinal));
}
