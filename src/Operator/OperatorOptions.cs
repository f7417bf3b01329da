using Turnpike.Api;

namespace Turnpike.Operator;

/// <summary>How this process was started.</summary>
/// <param name="Kubeconfig">Null: the cluster that the pod runs in.</param>
/// <param name="PodName">Names this replica.</param>
/// <param name="PodIp">By which this replica knows itself among the others; empty outside a cluster.</param>
/// <param name="TokenFile">The projected token that other replicas accept.</param>
internal sealed record OperatorOptions(string? Kubeconfig, string PodName, string PodIp, string ProxyImage, string TokenFile)
{
    /// <summary>The names of this installation.</summary>
    public Profile Profile { get; init; } = Profile.Istio2017;

    /// <summary>The authorities of the certificates that callers of the webhooks must have; null: they need none.</summary>
    public string? WebhookClientCa { get; init; }

    public int WebhookPort { get; init; } = Deployed.WebhookPort;

    public int DiscoveryPort { get; init; } = Deployed.DiscoveryPort;

    public int HealthPort { get; init; } = Deployed.HealthPort;
}
