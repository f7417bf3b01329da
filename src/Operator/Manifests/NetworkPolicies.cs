using System.Text.Json.Nodes;
using Turnpike.Api;

namespace Turnpike.Operator.Manifests;

/// <summary>
/// Who may come to which port of ours; everything else is closed. What our pods connect to is left open: the proxy goes to the pods of
/// any Service, the operator to the API server, whose address no policy can name.
/// </summary>
internal static class NetworkPolicies
{
    public static IEnumerable<JsonObject> All(Profile profile) => [Operator(profile), Ingress(profile)];

    /// <remarks>
    /// The API server comes to the webhooks from the network of its nodes, which a policy cannot tell from others: that port is open, and
    /// so is the one of the kubelet's probes and of scrapes. Discovery is for the ingress and for the other replicas; sidecars capture no
    /// traffic and ask for no table.
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

    /// <remarks>The status port is for the kubelet's probes and for scrapes; the table is on loopback, which no policy can open.</remarks>
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
