using Turnpike.Api;

namespace Turnpike.Operator;

/// <summary>The options of the command line and the environment.</summary>
/// <param name="Kubeconfig">The kubeconfig; null for the cluster that the pod runs in.</param>
/// <param name="PodName">The name of this replica.</param>
/// <param name="PodIp">The IP by which this replica tells itself from the others; empty outside a cluster.</param>
/// <param name="ProxyImage">The image of the managed ingress and the sidecars, unless the settings name another.</param>
/// <param name="TokenFile">The projected token that other replicas accept.</param>
internal sealed record OperatorOptions(string? Kubeconfig, string PodName, string PodIp, string ProxyImage, string TokenFile)
{
    /// <summary>The names of this installation.</summary>
    public Profile Profile { get; init; } = Profile.Istio2017;

    /// <summary>The file with the authorities of the client certificates that the webhooks require; null when they require none.</summary>
    public string? WebhookClientCa { get; init; }

    public int WebhookPort { get; init; } = Deployed.WebhookPort;

    public int DiscoveryPort { get; init; } = Deployed.DiscoveryPort;

    public int HealthPort { get; init; } = Deployed.HealthPort;
}
