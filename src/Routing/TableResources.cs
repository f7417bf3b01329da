using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;

namespace Turnpike.Routing;

/// <summary>What a table is made of, on its way to a proxy.</summary>
public enum ResourceKind
{
    Settings,
    HttpHost,
    HttpsHost,
    Cluster,
    Certificate,
}

/// <summary>Names a resource: a domain, a cluster, a certificate; empty for the settings.</summary>
public readonly record struct ResourceKey(ResourceKind Kind, string Name);

/// <summary>One part of a table in wire form.</summary>
/// <param name="Version">Made from the content: equal content has an equal version.</param>
/// <param name="Body">JSON, as in <see cref="RouteTableJson"/>.</param>
public sealed record TableResource(ResourceKey Key, string Version, ReadOnlyMemory<byte> Body);

/// <summary>The way from one table to another.</summary>
/// <param name="From">Version of the table that it starts from; empty for a proxy that has none.</param>
/// <param name="To">Version of the table that it leads to.</param>
public sealed record TableDelta(string From, string To, ImmutableArray<TableResource> Changed, ImmutableArray<ResourceKey> Removed)
{
    public bool IsEmpty => Changed.IsEmpty && Removed.IsEmpty;
}

/// <summary>A table as a set of resources, each with its own version, so that a change of one endpoint travels as one cluster.</summary>
public sealed class TableResources
{
    private readonly ImmutableSortedDictionary<ResourceKey, TableResource> _byKey;

    private TableResources(string version, ImmutableSortedDictionary<ResourceKey, TableResource> byKey)
    {
        TableVersion = version;
        _byKey = byKey;
    }

    /// <summary>No resource at all: what a starting proxy has.</summary>
    public static TableResources None { get; } = new("", ImmutableSortedDictionary.Create<ResourceKey, TableResource>(ResourceOrder.Instance));

    public string TableVersion { get; }

    public IEnumerable<TableResource> All => _byKey.Values;

    public static TableResources Of(RouteTable table)
    {
        var resources = None._byKey.ToBuilder();
        void Add(ResourceKind kind, string name, byte[] body)
        {
            var key = new ResourceKey(kind, name);
            resources[key] = new TableResource(key, Convert.ToHexStringLower(SHA256.HashData(body).AsSpan(0, 8)), body);
        }
        var context = RouteTableContext.Default;
        Add(ResourceKind.Settings, "", JsonSerializer.SerializeToUtf8Bytes(table.Settings, context.ProxySettings));
        foreach (var host in table.Http.All)
            Add(ResourceKind.HttpHost, host.Domain, JsonSerializer.SerializeToUtf8Bytes(host, context.VirtualHost));
        foreach (var host in table.Https.All)
            Add(ResourceKind.HttpsHost, host.Domain, JsonSerializer.SerializeToUtf8Bytes(host, context.VirtualHost));
        foreach (var cluster in table.Clusters.All)
            Add(ResourceKind.Cluster, cluster.Name, JsonSerializer.SerializeToUtf8Bytes(cluster, context.Cluster));
        foreach (var certificate in table.Certificates)
            Add(ResourceKind.Certificate, NameOf(certificate), JsonSerializer.SerializeToUtf8Bytes(certificate, context.Certificate));
        return new TableResources(table.Version, resources.ToImmutable());
    }

    /// <summary>What somebody says to have: versions without content.</summary>
    public static TableResources FromVersions(string tableVersion, IEnumerable<(ResourceKey Key, string Version)> versions)
    {
        var resources = None._byKey.ToBuilder();
        foreach (var (key, version) in versions)
            resources[key] = new TableResource(key, version, default);
        return new TableResources(tableVersion, resources.ToImmutable());
    }

    /// <summary>What somebody who has <paramref name="known"/> needs to have this table.</summary>
    public TableDelta Since(TableResources known)
    {
        var changed = _byKey.Values.Where(r => !known._byKey.TryGetValue(r.Key, out var old) || old.Version != r.Version);
        var removed = known._byKey.Keys.Where(k => !_byKey.ContainsKey(k));
        return new TableDelta(known.TableVersion, TableVersion, [.. changed], [.. removed]);
    }

    /// <summary>One secret may be there twice: for its hosts, and as the fallback.</summary>
    internal static string NameOf(Certificate certificate) => certificate.Hosts.IsEmpty ? $"{certificate.Name} (fallback)" : certificate.Name;
}

/// <summary>The other end: builds tables out of deltas. Parts that a delta does not touch are the same objects as before. Not thread-safe.</summary>
public sealed class TableAssembly
{
    private readonly Dictionary<string, VirtualHost> _http = new(StringComparer.Ordinal);
    private readonly Dictionary<string, VirtualHost> _https = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Cluster> _clusters = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, Certificate> _certificates = new(StringComparer.Ordinal);
    private RouteTable _table = RouteTable.Empty;

    /// <summary>Version of the table as it stands; empty before the first delta.</summary>
    public string Version => _table.Version;

    /// <summary>Applies a delta as a whole, or not at all.</summary>
    /// <exception cref="FormatException">The delta does not start from the table as it stands, or holds what this build cannot read.</exception>
    public RouteTable Apply(TableDelta delta)
    {
        if (delta.From != Version)
            throw new FormatException($"the delta starts from table \"{delta.From}\", but the table here is \"{Version}\"");
        var decoded = delta.Changed.Select(Decode).ToList();
        var settings = _table.Settings;
        bool http = false, https = false, clusters = false;
        foreach (var (key, value) in decoded)
        {
            switch (value)
            {
                case VirtualHost host when key.Kind == ResourceKind.HttpHost:
                    _http[key.Name] = host;
                    http = true;
                    break;
                case VirtualHost host:
                    _https[key.Name] = host;
                    https = true;
                    break;
                case Cluster cluster:
                    _clusters[key.Name] = cluster;
                    clusters = true;
                    break;
                case Certificate certificate:
                    _certificates[key.Name] = certificate;
                    break;
                case ProxySettings changed:
                    settings = changed;
                    break;
            }
        }
        foreach (var key in delta.Removed)
        {
            http |= key.Kind == ResourceKind.HttpHost && _http.Remove(key.Name);
            https |= key.Kind == ResourceKind.HttpsHost && _https.Remove(key.Name);
            clusters |= key.Kind == ResourceKind.Cluster && _clusters.Remove(key.Name);
            if (key.Kind == ResourceKind.Certificate)
                _certificates.Remove(key.Name);
        }
        return _table = new RouteTable
        {
            Version = delta.To,
            Settings = settings,
            Http = http ? new VirtualHostSet(_http.Values) : _table.Http,
            Https = https ? new VirtualHostSet(_https.Values) : _table.Https,
            Clusters = clusters ? new ClusterSet(_clusters.Values) : _table.Clusters,
            Certificates = [.. _certificates.Values.OrderBy(c => c.Hosts.IsEmpty).ThenBy(c => c.Name, StringComparer.Ordinal)],
        };
    }

    /// <summary>Forgets everything: the next delta starts from nothing.</summary>
    public void Reset()
    {
        _http.Clear();
        _https.Clear();
        _clusters.Clear();
        _certificates.Clear();
        _table = RouteTable.Empty;
    }

    private static (ResourceKey Key, object Value) Decode(TableResource resource)
    {
        var context = RouteTableContext.Default;
        try
        {
            object? value = resource.Key.Kind switch
            {
                ResourceKind.HttpHost or ResourceKind.HttpsHost => JsonSerializer.Deserialize(resource.Body.Span, context.VirtualHost),
                ResourceKind.Cluster => JsonSerializer.Deserialize(resource.Body.Span, context.Cluster),
                ResourceKind.Certificate => JsonSerializer.Deserialize(resource.Body.Span, context.Certificate),
                ResourceKind.Settings => JsonSerializer.Deserialize(resource.Body.Span, context.ProxySettings),
                _ => throw new FormatException($"resources of kind {resource.Key.Kind} are not known here"),
            };
            return (resource.Key, value ?? throw new FormatException($"{resource.Key.Kind} {resource.Key.Name} is null"));
        }
        catch (Exception e) when (e is JsonException or ArgumentException or NullReferenceException or NotSupportedException)
        {
            throw new FormatException($"{resource.Key.Kind} {resource.Key.Name} cannot be read: {e.Message}", e);
        }
    }
}

internal sealed class ResourceOrder : IComparer<ResourceKey>
{
    public static ResourceOrder Instance { get; } = new();

    public int Compare(ResourceKey x, ResourceKey y)
    {
        var order = x.Kind.CompareTo(y.Kind);
        return order != 0 ? order : string.CompareOrdinal(x.Name, y.Name);
    }
}
