using System.Collections.Immutable;
using System.Net;
using Turnpike.IngressProxy.AccessLog;
using Turnpike.Routing;

namespace Turnpike.IngressProxy;

/// <summary>A port for clients.</summary>
/// <param name="Name">The name of the listener of the table that decides what is served here.</param>
/// <param name="Protocol">What is spoken here: <see cref="ListenerProtocols.Http"/> or <see cref="ListenerProtocols.Https"/>.</param>
/// <param name="Port">Zero is any free port.</param>
public sealed record ListenerOptions(string Name, string Protocol, int Port)
{
    /// <summary>The two listeners of an ingress.</summary>
    public static ImmutableArray<ListenerOptions> OfIngress(int httpPort, int httpsPort) =>
    [
        new(IngressListeners.Http, ListenerProtocols.Http, httpPort),
        new(IngressListeners.Https, ListenerProtocols.Https, httpsPort),
    ];
}

/// <summary>Where and how a proxy listens. Port 0 is any free port.</summary>
public sealed record ProxyOptions
{
    /// <summary>Of the listeners for clients, and of the one for probes and metrics.</summary>
    public IPAddress Address { get; init; } = IPAddress.Any;

    /// <summary>The ports for clients, each for the listener of the table that has its name. By default those of an ingress.</summary>
    public ImmutableArray<ListenerOptions> Listeners { get; init; } = ListenerOptions.OfIngress(8080, 8443);

    /// <summary>For probes and metrics, to anybody who reaches it; null opens no such port.</summary>
    public int? StatusPort { get; init; }

    /// <summary>
    /// For the same and the route table. On loopback, whatever <see cref="Address"/> is: what it shows is for the machine's or pod's own
    /// users, <c>kubectl exec</c> and <c>kubectl port-forward</c>.
    /// </summary>
    public int AdminPort { get; init; } = 15000;

    /// <summary>How long a proxy that was told to stop goes on accepting, so that those who send it clients notice first.</summary>
    public TimeSpan DrainDelay { get; init; }

    /// <summary>How long requests in flight may take after that; null takes what the table says.</summary>
    public TimeSpan? DrainDuration { get; init; }

    /// <summary>Run the handling of a request on the thread that read it: less switching, for handlers that never block, as ours.</summary>
    public bool InlineScheduling { get; init; } = true;

    /// <summary>
    /// Client connections at a time, on all listeners; those beyond are closed at once. By default one for each 64 KiB of the memory
    /// that the process may use, 1024 at least and 100,000 at most.
    /// </summary>
    public int MaxConnections { get; init; } = (int)Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (64 * 1024), 1024, 100_000);

    /// <summary>
    /// From the first byte of a request's head, of a preface or of a frame to its end. A connection in clear that has said nothing
    /// yet has twice as long.
    /// </summary>
    public TimeSpan HeadTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A client that has ended its direction gets its response for as long as it goes on taking bytes at least this often.</summary>
    public TimeSpan HalfClosedWait { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Whether and how each request is logged.</summary>
    public AccessLogFormat AccessLog { get; init; }

    /// <summary>Where the lines of <see cref="AccessLog"/> go; null is standard output.</summary>
    public AccessLogSink? AccessLogSink { get; init; }

    /// <summary>For weighted targets, faults and load balancing.</summary>
    internal Random Random { get; init; } = Random.Shared;
}
