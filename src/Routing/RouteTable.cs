using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Turnpike.Primitives;

namespace Turnpike.Routing;

/// <summary>
/// Everything that a proxy needs to know for routing. It is immutable: a change makes a new table, which shares the unchanged parts, and a
/// request uses one table from its first byte to its last.
/// </summary>
public sealed record RouteTable
{
    public static RouteTable Empty { get; } = new();

    /// <summary>A hash of the content, which <see cref="RouteTableJson.WithVersion"/> makes. Equal tables have equal versions.</summary>
    public string Version { get; init; } = "";

    /// <summary>The listeners in the ordinal order of their names.</summary>
    /// <exception cref="ArgumentException">A listener breaks a rule, or two have the same name or port.</exception>
    public ImmutableArray<Listener> Listeners { get => field.IsDefault ? [] : field; init => field = ListenerRules.InOrder(value); }

    public ClusterSet Clusters { get; init; } = ClusterSet.Empty;

    public ImmutableArray<Certificate> Certificates { get => field.IsDefault ? [] : field; init; }

    public ProxySettings Settings { get; init; } = new();

    /// <summary>The number of virtual hosts on all listeners.</summary>
    public int VirtualHostCount => Listeners.Sum(l => l.Hosts.All.Length);

    /// <summary>
    /// Returns the listener of a name, or null. It is not for the path of a request, which finds its virtual hosts by the number of its
    /// socket.
    /// </summary>
    public Listener? FindListener(string name) => Listeners.FirstOrDefault(l => l.Name == name);
}

/// <summary>The settings of the proxy that come with the table.</summary>
public sealed record ProxySettings
{
    /// <summary>The networks (CIDR) of peers whose forwarding headers are trusted. None by default.</summary>
    public ImmutableArray<string> TrustedCidrs { get => field.IsDefault ? [] : field; init; }

    /// <summary>The time that requests in flight have to finish after the proxy was told to stop. Disabled means no time.</summary>
    public TimeoutSetting DrainDuration { get; init; }

    /// <summary>The effective drain duration; zero when the proxy does not wait for requests in flight.</summary>
    [JsonIgnore]
    public TimeSpan EffectiveDrainDuration => DrainDuration.Or(ProxyDefaults.DrainDuration) ?? TimeSpan.Zero;

    /// <summary>
    /// The time that a client may keep a body waiting, because it does not send or read enough of it. Disabled means any time.
    /// </summary>
    public TimeoutSetting BodyIdleTimeout { get; init; }

    /// <summary>The effective idle timeout of bodies; null when there is none.</summary>
    [JsonIgnore]
    public TimeSpan? EffectiveBodyIdleTimeout => BodyIdleTimeout.Or(ProxyDefaults.BodyIdleTimeout);

    public CircuitLimits Limits { get => field ?? CircuitLimits.Default; init; }
}

/// <summary>A certificate chain with its private key, and the server names (SNI) that it is for.</summary>
/// <param name="Name">The Secret that it comes from, as <c>namespace/name</c>.</param>
/// <param name="Hosts">The server names. <c>*.x</c> stands for one label before <c>x</c>. Empty for the fallback certificate.</param>
/// <param name="CertificatePem">The chain in PEM, the certificate of the server first.</param>
/// <param name="PrivateKeyPem">The private key in PEM.</param>
public sealed record Certificate(string Name, ImmutableArray<string> Hosts, string CertificatePem, string PrivateKeyPem)
{
    // No Secret has this name, because the names of Secrets have a slash here.
    private const string NoName = "none";

    /// <summary>
    /// Returns an entry that says that hosts have no certificate, even where one for a wider name would be found. Their handshakes are
    /// refused.
    /// </summary>
    public static Certificate NoneFor(ImmutableArray<string> hosts) => new(NoName, hosts, "", "");

    /// <summary>Returns true when the entry says that its hosts have no certificate.</summary>
    [JsonIgnore]
    public bool IsNone => Name == NoName;

    /// <summary>Returns a text without the private key, because the text of a record may be logged.</summary>
    public override string ToString() => $"Certificate {Name}";
}

/// <summary>
/// The part of a virtual host that belongs to one path of an Ingress. The Ingress decides which service a request belongs to, so the path
/// of the request chooses an entry first. Then the routes of the entry, which come from the RouteRules of that service, decide what
/// happens.
/// </summary>
public sealed record PathEntry
{
    public required PathMatch Path { get; init; }

    public required RouteOrigin Origin { get; init; }

    /// <summary>
    /// Whether a request that no route of this entry takes goes on to the entry that fits its path next best. When false, as in 2017,
    /// such a request has no route.
    /// </summary>
    public bool FallsThrough { get; init; }

    /// <summary>The routes of its requests. All entries that lead to the same port of a service share one list.</summary>
    [JsonConverter(typeof(RouteListNameConverter))]
    public RouteList Routes { get => field ?? RouteList.Empty; init; }
}

/// <summary>The place in an object of the cluster that a path entry comes from.</summary>
/// <param name="Kind">The kind of the object.</param>
/// <param name="Name"><c>namespace/name</c>.</param>
/// <param name="Field">The path of the field in the object, such as <c>spec.rules[0].http.paths[1]</c>.</param>
/// <param name="Description">The place in words, such as <c>rule 1 path 2</c>.</param>
public sealed record RouteOrigin(string Kind, string Name, string Field, string Description)
{
    /// <summary>The service of the entry, as <c>namespace/name</c>; null when it has none.</summary>
    public string? Service { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Description}";
}

/// <summary>One way to handle requests.</summary>
public sealed record Route
{
    /// <summary>The RouteRule, as <c>namespace/name</c>; null for the route of requests that no rule takes.</summary>
    public string? Rule { get; init; }

    /// <summary>The precedence of the RouteRule. Of two routes with the same path, the one with the larger number is tried first.</summary>
    public int Precedence { get; init; }

    /// <summary>The paths that the rule is for, exact or by prefix. The entry that leads to the route narrows them.</summary>
    public required PathMatch Path { get; init; }

    /// <summary>Further conditions. All must hold.</summary>
    public ImmutableArray<Condition> Conditions { get => field.IsDefault ? [] : field; init; }

    /// <summary>The redirect that is the local reply. It excludes <see cref="Targets"/>.</summary>
    public RedirectAction? Redirect { get; init; }

    /// <summary>The line of text that is the local reply. It excludes <see cref="Targets"/>.</summary>
    public DirectResponseAction? DirectResponse { get; init; }

    /// <summary>The clusters that requests go to, by weight. Empty only for a redirect and a direct response.</summary>
    public ImmutableArray<WeightedCluster> Targets { get => field.IsDefault ? [] : field; init; }

    /// <summary>The longest time that a response may take, retries included. Zero means no limit.</summary>
    public TimeSpan Timeout { get; init; }

    public RetryPolicy? Retry { get; init; }

    public RewriteAction? Rewrite { get; init; }

    /// <summary>The cluster that gets a copy of each request.</summary>
    public string? MirrorCluster { get; init; }

    public CorsAction? Cors { get; init; }

    public FaultAction? Fault { get; init; }

    /// <summary>The headers that are added to a request.</summary>
    public ImmutableArray<HeaderToAppend> AppendHeaders { get => field.IsDefault ? [] : field; init; }

    public bool AllowWebSocket { get; init; }
}

/// <param name="Weight">The share in percent. The weights of a route total 100; a single target may have any weight.</param>
public readonly record struct WeightedCluster(string Cluster, int Weight);

public readonly record struct HeaderToAppend(string Name, string Value);

/// <param name="Text">One line of visible ASCII characters and blanks.</param>
public sealed record DirectResponseAction(int Status, string Text);

/// <param name="Path">Replaces path and query; null keeps them.</param>
/// <param name="Authority">Replaces the host; null keeps it.</param>
/// <param name="Scheme">Replaces the scheme; null keeps it.</param>
/// <param name="Port">The port of the new scheme. Zero is the scheme's default.</param>
public sealed record RedirectAction(int Status, string? Scheme, string? Authority, string? Path, int Port = 0);

/// <param name="Path">Replaces the matched path or prefix; null keeps it.</param>
/// <param name="Authority">Replaces the Host header; null keeps it.</param>
public sealed record RewriteAction(string? Path, string? Authority);

/// <param name="Attempts">The largest number of retries of a failed request.</param>
/// <param name="PerTryTimeout">The longest time of one attempt; null when only the timeout of the route applies.</param>
public sealed record RetryPolicy(int Attempts, TimeSpan? PerTryTimeout = null);

/// <param name="MaxAge">The time that a client may cache the response of a preflight, in whole seconds; null leaves the header out.</param>
public sealed record CorsAction(
    ImmutableArray<string> AllowOrigins,
    ImmutableArray<string> AllowMethods,
    ImmutableArray<string> AllowHeaders,
    ImmutableArray<string> ExposeHeaders,
    TimeSpan? MaxAge,
    bool AllowCredentials);

/// <summary>A delay and an abort, each for a share of the requests. The percentages are from 0 to 100 and may have a fraction.</summary>
public sealed record FaultAction(double DelayPercent, TimeSpan Delay, double AbortPercent, int AbortStatus);
