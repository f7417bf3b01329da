using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Turnpike.Primitives;

namespace Turnpike.Routing;

/// <summary>The protocol spoken to the endpoints of a cluster.</summary>
public enum UpstreamProtocol
{
    Http1,

    /// <summary>HTTP/2, also for gRPC: with prior knowledge in cleartext, by ALPN over TLS.</summary>
    Http2,
}

public enum LoadBalancing
{
    RoundRobin,
    Random,
    LeastRequest,
}

/// <summary>A set of endpoints any of which may serve a request: the ready pods of one port of a Service, or a subset of them.</summary>
public sealed record Cluster
{
    /// <summary>
    /// <c>namespace/service:port</c>, with <c>{label=value,…}</c> for a subset, and with <c>[…]</c> for what an Ingress says about its
    /// backends in addition to their port.
    /// </summary>
    public required string Name { get; init; }

    public ImmutableArray<Endpoint> Endpoints { get => field.IsDefault ? [] : field; init; }

    public UpstreamProtocol Protocol { get; init; }

    /// <summary>How the proxy speaks TLS to the endpoints; null for cleartext.</summary>
    public UpstreamTls? Tls { get; init; }

    /// <summary>
    /// True when the certificates that the endpoints have to be verified with are missing, so that nothing may be sent to them. Such a
    /// cluster has no endpoint, for the sake of proxies that do not know this property.
    /// </summary>
    public bool LacksAuthority { get; init; }

    public LoadBalancing LoadBalancing { get; init; }

    public TimeoutSetting ConnectTimeout { get; init; }

    /// <summary>The effective connect timeout; <see cref="Timeout.InfiniteTimeSpan"/> for none.</summary>
    [JsonIgnore]
    public TimeSpan EffectiveConnectTimeout => ConnectTimeout.Or(ProxyDefaults.ConnectTimeout) ?? Timeout.InfiniteTimeSpan;

    /// <summary>The Host header that endpoints get; null keeps that of the client.</summary>
    public string? Host { get; init; }
}

/// <summary>How a proxy speaks TLS to the endpoints of a cluster.</summary>
public sealed record UpstreamTls
{
    /// <summary>The name that the proxy asks for (SNI). A certificate that is verified must be for it.</summary>
    public required string ServerName { get; init; }

    /// <summary>The secret that the authority comes from, <c>namespace/secret</c>; null when the certificate is not verified.</summary>
    public string? Authority { get; init; }

    /// <summary>
    /// The certificates, as PEM text, one of which must have signed that of an endpoint; null when the certificate is not verified.
    /// </summary>
    public string? AuthorityPem { get; init; }

    /// <summary>True when the certificate is verified. When the PEM text holds no certificate, every endpoint is refused.</summary>
    [JsonIgnore]
    public bool IsVerified => Authority is not null || AuthorityPem is not null;
}

/// <param name="Address">The IPv4 or IPv6 address, without brackets.</param>
public readonly record struct Endpoint(string Address, int Port)
{
    /// <inheritdoc/>
    public override string ToString() => Address.Contains(':', StringComparison.Ordinal) ? $"[{Address}]:{Port}" : $"{Address}:{Port}";
}

/// <summary>A set of clusters, which are found by name.</summary>
public sealed class ClusterSet
{
    private FrozenDictionary<string, Cluster>? _byName;

    public ClusterSet(IEnumerable<Cluster> clusters)
        : this([.. clusters.OrderBy(c => c.Name, StringComparer.Ordinal)]) => _byName = IndexOf(All);

    private ClusterSet(ImmutableArray<Cluster> sorted) => All = sorted;

    public static ClusterSet Empty { get; } = new(Enumerable.Empty<Cluster>());

    /// <summary>The clusters in the ordinal order of their names.</summary>
    public ImmutableArray<Cluster> All { get; }

    /// <summary>
    /// Returns a set that is indexed when something is first looked up in it. Code that makes tables hardly ever looks anything up.
    /// </summary>
    /// <param name="clusters">The clusters in the ordinal order of their names, each name once.</param>
    public static ClusterSet OfSorted(ImmutableArray<Cluster> clusters) => new(clusters);

    public bool TryGet(string name, [MaybeNullWhen(false)] out Cluster cluster) =>
        (_byName ??= IndexOf(All)).TryGetValue(name, out cluster);

    private static FrozenDictionary<string, Cluster> IndexOf(ImmutableArray<Cluster> clusters) =>
        clusters.ToFrozenDictionary(c => c.Name, StringComparer.Ordinal);
}
