using System.Collections.Immutable;

namespace Turnpike.Routing;

/// <summary>
/// All that a proxy needs to know, at one moment. Immutable: a change makes a new table that shares the unchanged parts, and
/// a request sees one table from its first byte to its last.
/// </summary>
public sealed record RouteTable
{
    public static RouteTable Empty { get; } = new();

    /// <summary>Identifies the content; equal content has an equal version (see <see cref="RouteTableJson.Version"/>).</summary>
    public string Version { get; init; } = "";

    /// <summary>Virtual hosts of the cleartext listener.</summary>
    public VirtualHostSet Http { get; init; } = VirtualHostSet.Empty;

    /// <summary>Virtual hosts of the TLS listener.</summary>
    public VirtualHostSet Https { get; init; } = VirtualHostSet.Empty;

    public ClusterSet Clusters { get; init; } = ClusterSet.Empty;

    public ImmutableArray<Certificate> Certificates { get; init; } = [];

    public ProxySettings Settings { get; init; } = new();
}

/// <summary>Settings of the proxy as a whole that come with the table.</summary>
public sealed record ProxySettings
{
    /// <summary>Peers (CIDR) whose forwarding headers are believed; none by default.</summary>
    public ImmutableArray<string> TrustedCidrs { get; init; } = [];

    /// <summary>How long requests in flight may take after the proxy was told to stop.</summary>
    public TimeSpan DrainDuration { get; init; } = TimeSpan.FromSeconds(45);
}

/// <summary>A certificate chain with its key, and the server names (SNI) that it is for.</summary>
/// <param name="Name">Where it comes from, <c>namespace/secret</c>.</param>
/// <param name="Hosts">Server names, <c>*.x</c> for one label; empty for the fallback certificate.</param>
public sealed record Certificate(string Name, ImmutableArray<string> Hosts, string CertificatePem, string PrivateKeyPem)
{
    /// <summary>Leaves the key out: a record's text ends up in logs.</summary>
    public override string ToString() => $"Certificate {Name}";
}

/// <summary>One way to handle the requests of a virtual host that meet its conditions.</summary>
public sealed record Route
{
    /// <summary>Unique within the virtual host and stable across compilations, for logs and metrics.</summary>
    public required string Name { get; init; }

    public required RouteOrigin Origin { get; init; }

    public required PathMatch Path { get; init; }

    /// <summary>Further conditions; all must hold.</summary>
    public ImmutableArray<Condition> Conditions { get; init; } = [];

    /// <summary>Of the RouteRule; larger is tried first among routes of the same path.</summary>
    public int Precedence { get; init; }

    /// <summary>A last resort (defaultBackend): tried after every other route of its path.</summary>
    public bool IsFallback { get; init; }

    /// <summary>Answer with a redirect. Excludes <see cref="Targets"/>.</summary>
    public RedirectAction? Redirect { get; init; }

    /// <summary>Where requests go, by weight. Empty only for a redirect.</summary>
    public ImmutableArray<WeightedCluster> Targets { get; init; } = [];

    /// <summary>Total response time, retries included; zero is none.</summary>
    public TimeSpan Timeout { get; init; }

    public RetryPolicy? Retry { get; init; }

    public RewriteAction? Rewrite { get; init; }

    /// <summary>Cluster that gets a copy of each request.</summary>
    public string? MirrorCluster { get; init; }

    public CorsAction? Cors { get; init; }

    public FaultAction? Fault { get; init; }

    /// <summary>Request headers to add.</summary>
    public ImmutableArray<KeyValuePair<string, string>> AppendHeaders { get; init; } = [];

    public bool AllowWebSocket { get; init; }
}

/// <summary>Which objects a route comes from.</summary>
/// <param name="Ingress"><c>namespace/name</c>.</param>
/// <param name="Rule">1-based index of the Ingress rule; 0 for defaultBackend.</param>
/// <param name="Path">1-based index of the path in it; 0 for defaultBackend.</param>
/// <param name="RouteRule"><c>namespace/name</c> of the RouteRule, or null where none applies.</param>
public sealed record RouteOrigin(string Ingress, int Rule, int Path, string? RouteRule)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Ingress}[{Rule}.{Path}]" + (RouteRule is null ? "" : $" {RouteRule}");
}

/// <summary>What of the request a condition looks at.</summary>
public enum ConditionTarget
{
    /// <summary>The path without query; for regular expressions only, the other kinds are in <see cref="Route.Path"/>.</summary>
    Path,
    Method,
    Scheme,
    Authority,
    Header,
}

public enum ConditionKind
{
    /// <summary>The header is there, whatever its value.</summary>
    Present,
    Exact,
    Prefix,

    /// <summary>The whole value matches.</summary>
    Regex,
}

/// <param name="Name">Lower-case header name; empty for the other targets.</param>
public sealed record Condition(ConditionTarget Target, string Name, ConditionKind Kind, string Value)
{
    /// <inheritdoc/>
    public override string ToString()
    {
        var name = Target == ConditionTarget.Header ? $"header {Name}" : Target.ToString().ToLowerInvariant();
        return Kind switch
        {
            ConditionKind.Present => $"{name} present",
            ConditionKind.Exact => $"{name} = {Value}",
            ConditionKind.Prefix => $"{name} ^= {Value}",
            _ => $"{name} ~ {Value}",
        };
    }
}

/// <param name="Weight">Share; the weights of a route total 100, or stand alone.</param>
public readonly record struct WeightedCluster(string Cluster, int Weight);

/// <param name="Path">Replaces path and query, where not null.</param>
/// <param name="Authority">Replaces the host, where not null.</param>
/// <param name="Scheme">Replaces the scheme, where not null.</param>
public sealed record RedirectAction(int Status, string? Scheme, string? Authority, string? Path);

/// <param name="Path">Replaces the matched path or prefix, where not null.</param>
/// <param name="Authority">Replaces the Host header, where not null.</param>
public sealed record RewriteAction(string? Path, string? Authority);

/// <param name="Attempts">How many times a failed request is tried again.</param>
/// <param name="PerTryTimeout">Zero: the route's timeout.</param>
public sealed record RetryPolicy(int Attempts, TimeSpan PerTryTimeout);

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
