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

/// <summary>The ports, limits and times of a proxy. Port 0 is any free port.</summary>
public sealed record ProxyOptions
{
    /// <summary>The address of the ports for clients, and of the one for probes and metrics.</summary>
    public IPAddress Address { get; init; } = IPAddress.Any;

    /// <summary>The ports for clients, each for the listener of the table that has its name. By default those of an ingress.</summary>
    public ImmutableArray<ListenerOptions> Listeners { get; init; } = ListenerOptions.OfIngress(8080, 8443);

    /// <summary>The port for probes and metrics, which serves every client that reaches it. Null opens no such port.</summary>
    public int? StatusPort { get; init; }

    /// <summary>
    /// The port for the same and the route table. It is on loopback, whatever <see cref="Address"/> is: the table is for the users of the
    /// machine or pod itself, by <c>kubectl exec</c> and <c>kubectl port-forward</c>.
    /// </summary>
    public int AdminPort { get; init; } = 15000;

    /// <summary>
    /// How long a proxy that was told to stop goes on accepting connections, so that load balancers notice before it stops.
    /// </summary>
    public TimeSpan DrainDelay { get; init; }

    /// <summary>How long requests in flight may take after that. Null means the time that the table gives.</summary>
    public TimeSpan? DrainDuration { get; init; }

    /// <summary>
    /// Whether a request is handled on the thread that read it. That saves switches of threads, and is safe because no handler blocks.
    /// </summary>
    public bool InlineScheduling { get; init; } = true;

    /// <summary>
    /// The limit on open client connections, over all listeners. Connections beyond it are closed at once. The default is one for each 64 KiB
    /// of the memory that the process may use, 1024 at least and 100,000 at most.
    /// </summary>
    public int MaxConnections { get; init; } = (int)Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (64 * 1024), 1024, 100_000);

    /// <summary>
    /// The time from the first byte of a request's head, of a preface or of a frame to its end. A cleartext connection that has sent nothing
    /// yet has twice as long.
    /// </summary>
    public TimeSpan HeadTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The longest time in which a client that has ended its direction may take no bytes of its response before the connection is closed.
    /// </summary>
    public TimeSpan HalfClosedWait { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Whether and how each request is logged.</summary>
    public AccessLogFormat AccessLog { get; init; }

    /// <summary>The destination of the access log. Null means standard output.</summary>
    public AccessLogSink? AccessLogSink { get; init; }

    /// <summary>The source of chance for weighted clusters, fault injection and load balancing.</summary>
    internal Random Random { get; init; } = Random.Shared;
}
