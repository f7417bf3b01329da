using System.Net;

namespace Turnpike.IngressProxy;

/// <summary>Where and how a proxy listens. Port 0 is any free port.</summary>
public sealed record ProxyOptions
{
    /// <summary>Of the listeners for clients.</summary>
    public IPAddress Address { get; init; } = IPAddress.Any;

    public int HttpPort { get; init; } = 8080;

    public int HttpsPort { get; init; } = 8443;

    /// <summary>Of the admin listener. It answers to anybody who reaches it.</summary>
    public IPAddress AdminAddress { get; init; } = IPAddress.Loopback;

    public int AdminPort { get; init; } = 15000;

    /// <summary>How long a proxy that was told to stop goes on accepting, so that those who send it clients notice first.</summary>
    public TimeSpan DrainDelay { get; init; }

    /// <summary>How long requests in flight may take after that; null takes what the table says.</summary>
    public TimeSpan? DrainDuration { get; init; }

    /// <summary>Run the handling of a request on the thread that read it: less switching, for handlers that never block, as ours.</summary>
    public bool InlineScheduling { get; init; } = true;

    /// <summary>For weighted targets, faults and load balancing.</summary>
    internal Random Random { get; init; } = Random.Shared;
}
