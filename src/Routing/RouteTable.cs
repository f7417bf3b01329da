using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Turnpike.Primitives;

namespace Turnpike.Routing;

/// <summary>
/// All that a proxy needs to know, at one moment. Immutable: a change makes a new table that shares the unchanged parts, and
/// a request sees one table from its first byte to its last.
/// </summary>
public sealed record RouteTable
{
    public static RouteTable Empty { get; } = new();

    /// <summary>Identifies the content; equal content has an equal version (<see cref="RouteTableJson.WithVersion"/> makes it).</summary>
    public string Version { get; init; } = "";

    /// <summary>In ordinal order of their names, whatever order they were given in.</summary>
    /// <exception cref="ArgumentException">A listener breaks a rule, or two have the same name or port.</exception>
    public ImmutableArray<Listener> Listeners { get => field.IsDefault ? [] : field; init => field = ListenerRules.InOrder(value); }

    public ClusterSet Clusters { get; init; } = ClusterSet.Empty;

    public ImmutableArray<Certificate> Certificates { get => field.IsDefault ? [] : field; init; }

    public ProxySettings Settings { get; init; } = new();

    /// <summary>The number of virtual hosts on all listeners.</summary>
    public int VirtualHostCount => Listeners.Sum(l => l.Hosts.All.Length);

    /// <summary>Returns the listener of a name, or null. For people and for a change of tables; requests know their listener by then.</summary>
    public Listener? FindListener(string name) => Listeners.FirstOrDefault(l => l.Name == name);
}

/// <summary>Settings of the proxy as a whole that come with the table.</summary>
public sealed record ProxySettings
{
    /// <summary>Peers (CIDR) whose forwarding headers are believed; none by default.</summary>
    public ImmutableArray<string> TrustedCidrs { get => field.IsDefault ? [] : field; init; }

    /// <summary>How long requests in flight may take after the proxy was told to stop; disabled is not at all.</summary>
    public TimeoutSetting DrainDuration { get; init; }

    /// <summary>The drain duration in force; zero where nothing is waited for.</summary>
    [JsonIgnore]
    public TimeSpan EffectiveDrainDuration => DrainDuration.Or(ProxyDefaults.DrainDuration) ?? TimeSpan.Zero;

    /// <summary>How long a client may neither send nor take what there is of a body; disabled is for ever.</summary>
    public TimeoutSetting BodyIdleTimeout { get; init; }

    /// <summary>The idle timeout of bodies in force; null where there is none.</summary>
    [JsonIgnore]
    public TimeSpan? EffectiveBodyIdleTimeout => BodyIdleTimeout.Or(ProxyDefaults.BodyIdleTimeout);

    public CircuitLimits Limits { get => field ?? CircuitLimits.Default; init; }
}

/// <summary>A certificate chain with its key, and the server names (SNI) that it is for.</summary>
/// <param name="Name">Where it comes from, <c>namespace/secret</c>.</param>
/// <param name="Hosts">Server names, <c>*.x</c> for one label; empty for the fallback certificate.</param>
public sealed record Certificate(string Name, ImmutableArray<string> Hosts, string CertificatePem, string PrivateKeyPem)
{
    // No secret has it: those have a slash in theirs.
    private const string NoName = "none";

    /// <summary>In the place of a certificate, for names that shall have none, whatever there is for a wider name: their handshakes are refused.</summary>
    public static Certificate NoneFor(ImmutableArray<string> hosts) => new(NoName, hosts, "", "");

    /// <summary>Whether this says that its hosts have no certificate.</summary>
    [JsonIgnore]
    public bool IsNone => Name == NoName;

    /// <summary>Leaves the key out: a record's text ends up in logs.</summary>
    public override string ToString() => $"Certificate {Name}";
}

/// <summary>
/// What an Ingress says of one host and path. The Ingress decides which service a request belongs to, so the path of the request
/// chooses one of these first; then the routes in it, which come from the RouteRules of that service, decide what happens.
/// </summary>
public sealed record PathEntry
{
    public required PathMatch Path { get; init; }

    public required RouteOrigin Origin { get; init; }

    /// <summary>
    /// What happens to a request that no route of this entry takes. False, as in 2017: it finds no route. True: the entry that fits its
    /// path next best is asked.
    /// </summary>
    public bool FallsThrough { get; init; }

    /// <summary>What may happen to its requests. Shared with all entries that lead to the same port of the same service.</summary>
    [JsonConverter(typeof(RouteListNameConverter))]
    public RouteList Routes { get => field ?? RouteList.Empty; init; }
}

/// <summary>The place in an object of the cluster that a path entry comes from.</summary>
/// <param name="Kind">The kind of the object.</param>
/// <param name="Name"><c>namespace/name</c>.</param>
/// <param name="Field">The path of the field in the object, such as <c>spec.rules[0].http.paths[1]</c>.</param>
/// <param name="Description">The same for people, such as <c>rule 1 path 2</c>.</param>
public sealed record RouteOrigin(string Kind, string Name, string Field, string Description)
{
    /// <summary><c>namespace/name</c> of the service that the entry's requests are for; null for an entry that is for none.</summary>
    public string? Service { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Description}";
}

/// <summary>One way to handle requests.</summary>
public sealed record Route
{
    /// <summary><c>namespace/name</c> of the RouteRule; null for what happens where no rule applies.</summary>
    public string? Rule { get; init; }

    /// <summary>Of the RouteRule; larger is tried first among routes of the same path.</summary>
    public int Precedence { get; init; }

    /// <summary>The paths that the rule is for, exact or by prefix; the entry that leads here narrows them.</summary>
    public required PathMatch Path { get; init; }

    /// <summary>Further conditions; all must hold.</summary>
    public ImmutableArray<Condition> Conditions { get => field.IsDefault ? [] : field; init; }

    /// <summary>Answer with a redirect. Excludes <see cref="Targets"/>.</summary>
    public RedirectAction? Redirect { get; init; }

    /// <summary>Answer with a line of text. Excludes <see cref="Targets"/>.</summary>
    public DirectResponseAction? DirectResponse { get; init; }

    /// <summary>Where requests go, by weight. Empty only for a redirect and a direct response.</summary>
    public ImmutableArray<WeightedCluster> Targets { get => field.IsDefault ? [] : field; init; }

    /// <summary>Total response time, retries included; zero is none.</summary>
    public TimeSpan Timeout { get; init; }

    public RetryPolicy? Retry { get; init; }

    public RewriteAction? Rewrite { get; init; }

    /// <summary>Cluster that gets a copy of each request.</summary>
    public string? MirrorCluster { get; init; }

    public CorsAction? Cors { get; init; }

    public FaultAction? Fault { get; init; }

    /// <summary>Request headers to add.</summary>
    public ImmutableArray<HeaderToAppend> AppendHeaders { get => field.IsDefault ? [] : field; init; }

    public bool AllowWebSocket { get; init; }
}

/// <param name="Weight">Share; the weights of a route total 100, or stand alone.</param>
public readonly record struct WeightedCluster(string Cluster, int Weight);

public readonly record struct HeaderToAppend(string Name, string Value);

/// <param name="Text">One line of visible ASCII and blanks.</param>
public sealed record DirectResponseAction(int Status, string Text);

/// <param name="Path">Replaces path and query, where not null.</param>
/// <param name="Authority">Replaces the host, where not null.</param>
/// <param name="Scheme">Replaces the scheme, where not null.</param>
/// <param name="Port">Goes with the scheme; 0 for the scheme's own.</param>
public sealed record RedirectAction(int Status, string? Scheme, string? Authority, string? Path, int Port = 0);

/// <param name="Path">Replaces the matched path or prefix, where not null.</param>
/// <param name="Authority">Replaces the Host header, where not null.</param>
public sealed record RewriteAction(string? Path, string? Authority);

/// <param name="Attempts">How many times a failed request is tried again.</param>
/// <param name="PerTryTimeout">Null: the route's timeout is the only one.</param>
public sealed record RetryPolicy(int Attempts, TimeSpan? PerTryTimeout = null);

/// <param name="MaxAge">Whole seconds, or null.</param>
public sealed record CorsAction(
    ImmutableArray<string> AllowOrigins,
    ImmutableArray<string> AllowMethods,
    ImmutableArray<string> AllowHeaders,
    ImmutableArray<string> ExposeHeaders,
    TimeSpan? MaxAge,
    bool AllowCredentials);

/// <summary>Percentages are of a hundred, fractions included.</summary>
public sealed record FaultAction(double DelayPercent, TimeSpan Delay, double AbortPercent, int AbortStatus);
