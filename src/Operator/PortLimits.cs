using Turnpike.Hosting.Serving;

namespace Turnpike.Operator;

/// <summary>
/// The connection limits of the ports that any client can reach. Those of the discovery port are in
/// <see cref="Discovery.DiscoveryLimits"/>. An API server opens another connection to a webhook for every 32 reviews in flight; the kubelet
/// and Prometheus have a few.
/// </summary>
internal static class PortLimits
{
    public static ConnectionLimits Webhooks { get; } = new("webhooks", 256, 64);

    public static ConnectionLimits Health { get; } = new("health", 64, 16);
}
