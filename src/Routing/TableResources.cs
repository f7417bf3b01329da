using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace Turnpike.Routing;

/// <summary>The kinds of resources that a table is made of.</summary>
public enum ResourceKind
{
    Settings,

    /// <summary>A listener without its virtual hosts.</summary>
    Listener,

    /// <summary>A virtual host of a listener.</summary>
    VirtualHost,

    Cluster,
    Certificate,

    /// <summary>A list of routes, which path entries name.</summary>
    Routes,
}

/// <summary>Names a resource.</summary>
/// <param name="Kind">The kind of the resource.</param>
/// <param name="Name">The name among resources of the kind: <c>listener/domain</c> for a virtual host, and empty for the settings.</param>
public readonly record struct ResourceKey(ResourceKind Kind, string Name)
{
    /// <summary>Returns the key of a virtual host.</summary>
    public static ResourceKey OfHost(string listener, string domain) => new(ResourceKind.VirtualHost, $"{listener}/{domain}");

    /// <summary>The name of the listener that the resource is, or is a part of; null for a resource of another kind.</summary>
    internal string? Listener => Kind switch
    {
        ResourceKind.Listener => Name,
        ResourceKind.VirtualHost => Name[..Math.Max(0, Name.IndexOf('/', StringComparison.Ordinal))],
        _ => null,
    };
}

/// <summary>A resource of a table in wire form.</summary>
/// <param name="Key">The name of the resource.</param>
/// <param name="Version">A hash of the content, so that equal content has an equal version.</param>
/// <param name="Body">The content, in the JSON of <see cref="RouteTableJson"/>.</param>
public sealed record TableResource(ResourceKey Key, string Version, ReadOnlyMemory<byte> Body);

/// <summary>The difference between two tables.</summary>
/// <param name="From">The version of the table that a proxy has; empty when it has none.</param>
/// <param name="To">The version of the table that it has next.</param>
/// <param name="Changed">The resources that are new or different.</param>
/// <param name="Removed">The resources that are gone.</param>
public sealed record TableDelta(string From, string To, ImmutableArray<TableResource> Changed, ImmutableArray<ResourceKey> Removed)
{
    public bool IsEmpty => Changed.IsEmpty && Removed.IsEmpty;
}

/// <summary>A table as resources, each with its own version, so that a changed endpoint costs the transfer of one cluster.</summary>
public sealed class TableResources
{
    private static readonly RouteTableContext Context = RouteTableContext.Default;

    private static readonly ResourceGroup.Form<ProxySettings> Settings = new(
        ResourceKind.Settings, _ => "", ResourceEquality.AreEqual, s => JsonSerializer.SerializeToUtf8Bytes(s, Context.ProxySettings));

    private static readonly ResourceGroup.Form<Listener> Listeners = new(
        ResourceKind.Listener,
        l => l.Name,
        ResourceEquality.AreEqualWithoutHosts,
        l => JsonSerializer.SerializeToUtf8Bytes(ListenerDocument.WithoutHosts(l), Context.ListenerDocument));

    private static readonly ResourceGroup.Form<VirtualHost> Hosts = new(
        ResourceKind.VirtualHost,
        h => h.Domain,
        ResourceEquality.AreEqual,
        h => JsonSerializer.SerializeToUtf8Bytes(h, Context.VirtualHost));

    private static readonly ResourceGroup.Form<Cluster> Clusters = new(
        ResourceKind.Cluster, c => c.Name, ResourceEquality.AreEqual, c => JsonSerializer.SerializeToUtf8Bytes(c, Context.Cluster));

    private static readonly ResourceGroup.Form<Certificate> Certificates = new(
        ResourceKind.Certificate, NameOf, ResourceEquality.AreEqual, c => JsonSerializer.SerializeToUtf8Bytes(c, Context.Certificate));

    private static readonly ResourceGroup.Form<RouteList> Routes = new(
        ResourceKind.Routes,
        l => l.Name,
        ResourceEquality.AreEqual,
        l => JsonSerializer.SerializeToUtf8Bytes(RouteListDocument.Of(l), Context.RouteListDocument));

    private readonly ImmutableArray<ResourceGroup> _groups;

    private TableResources(string version, ImmutableArray<ResourceGroup> groups) => (TableVersion, _groups) = (version, groups);

    /// <summary>The resources of a proxy that has just started: none.</summary>
    public static TableResources None { get; } = new("", []);

    /// <summary>
    /// A hash over the versions of the resources. Equal content has an equal version on every replica, whatever tables came before.
    /// </summary>
    public string TableVersion { get; }

    /// <summary>All resources in the order of kind, listener and name.</summary>
    public ImmutableArray<TableResource> All => field.IsDefault ? field = [.. _groups.SelectMany(g => g.Resources)] : field;

    /// <summary>Returns the resources of a table.</summary>
    public static TableResources Of(RouteTable table) => Of(table, None);

    /// <summary>
    /// Returns the resources of a table. A resource that is equal in <paramref name="previous"/> is taken from there and not serialised
    /// again, and a group that holds the same objects as before is not compared.
    /// </summary>
    public static TableResources Of(RouteTable table, TableResources previous)
    {
        var groups = ImmutableArray.CreateBuilder<ResourceGroup>();
        void Add<T>(ResourceGroup.Form<T> form, string? listener, object source, Func<IReadOnlyList<T>> values)
            where T : class
        {
            var before = previous.Find(form.Kind, listener);
            var isSame = before is not null && ReferenceEquals(before.Source, source);
            groups.Add(isSame ? before! : ResourceGroup.Of(form, listener, source, values(), before));
        }
        Add(Settings, null, table.Settings, () => [table.Settings]);
        Add(Listeners, null, IdentityOf(table.Listeners), () => table.Listeners);
        foreach (var listener in table.Listeners)
            Add(Hosts, listener.Name, listener.Hosts, () => listener.Hosts.All);
        Add(Clusters, null, table.Clusters, () => table.Clusters.All);
        Add(
            Certificates,
            null,
            IdentityOf(table.Certificates),
            () => [.. table.Certificates.OrderBy(NameOf, StringComparer.Ordinal)]);
        // Lists of routes are found through the hosts, so when the hosts are the same, the lists are too.
        var areHostsSame = previous._groups.Length > 0 && groups.Where(g => g.Kind == ResourceKind.VirtualHost)
            .SequenceEqual(previous._groups.Where(g => g.Kind == ResourceKind.VirtualHost), ReferenceEqualityComparer.Instance);
        var lists = areHostsSame ? previous.Find(ResourceKind.Routes, null)!.Source : new object();
        Add(Routes, null, lists, () => RouteLinks.ListsOf(table));
        var all = groups.DrainToImmutable();
        return new TableResources(VersionOf(all), all);
    }

    /// <summary>Returns what a proxy that has the resources <paramref name="known"/> lacks of this table.</summary>
    public TableDelta Since(TableResources known)
    {
        var (changed, removed) = (ImmutableArray.CreateBuilder<TableResource>(), ImmutableArray.CreateBuilder<ResourceKey>());
        foreach (var group in _groups)
            ResourceGroup.Compare(known.Find(group.Kind, group.Listener), group, changed, removed);
        foreach (var group in known._groups)
        {
            if (Find(group.Kind, group.Listener) is null)
                ResourceGroup.Compare(group, null, changed, removed);
        }
        return new TableDelta(known.TableVersion, TableVersion, changed.DrainToImmutable(), removed.DrainToImmutable());
    }

    /// <summary>Begins to compare this table with one whose resources are named one after the other.</summary>
    /// <param name="version">The version of the other table.</param>
    public TableComparison CompareWith(string version) => new(this, version);

    internal TableResource? Find(ResourceKey key) => key.Kind == ResourceKind.VirtualHost
        ? Find(key.Kind, key.Listener)?.Find(key.Name[Math.Min(key.Name.Length, key.Listener!.Length + 1)..])
        : Find(key.Kind, null)?.Find(key.Name);

    /// <summary>
    /// Returns the name of a certificate's resource. One Secret may be two resources: the certificate of its hosts, and the fallback.
    /// </summary>
    internal static string NameOf(Certificate certificate) =>
        certificate.Hosts.IsEmpty ? $"{certificate.Name} (fallback)" : certificate.Name;

    /// <summary>Returns the first eight bytes of a hash as hexadecimal text.</summary>
    internal static string Text(ReadOnlySpan<byte> hash) => Convert.ToHexStringLower(hash[..8]);

    private ResourceGroup? Find(ResourceKind kind, string? listener)
    {
        foreach (var group in _groups)
        {
            if (group.Kind == kind && group.Listener == listener)
                return group;
        }
        return null;
    }

    private static object IdentityOf<T>(ImmutableArray<T> array) => ImmutableCollectionsMarshal.AsArray(array) ?? (object)"";

    /// <summary>Returns a hash over the hashes of the groups, so that one changed resource does not have all others hashed again.</summary>
    private static string VersionOf(ImmutableArray<ResourceGroup> groups)
    {
        using var buffer = new MemoryStream();
        using var writer = new BinaryWriter(buffer);
        writer.Write(TableFormat.Current);
        foreach (var group in groups)
        {
            writer.Write(group.Kind.ToString());
            writer.Write(group.Listener ?? "");
            writer.Write(group.Hash.Span);
        }
        return Text(SHA256.HashData(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)));
    }
}

/// <summary>
/// Finds the difference from another table, whose resources are named one after the other, in any order. It keeps only their keys, so that
/// the list may be long. Not thread-safe.
/// </summary>
public sealed class TableComparison
{
    private readonly TableResources _table;
    private readonly string _from;
    private readonly HashSet<ResourceKey> _same = [];
    private readonly HashSet<ResourceKey> _removed = [];

    internal TableComparison(TableResources table, string from) => (_table, _from) = (table, from);

    /// <summary>Says that the other table has a resource.</summary>
    public void Has(ResourceKey key, string version)
    {
        if (_table.Find(key) is not { } resource)
            _removed.Add(key);
        else if (resource.Version == version)
            _same.Add(resource.Key);
    }

    /// <summary>Returns the difference. All resources of the other table must have been named before.</summary>
    public TableDelta Delta() =>
        new(_from, _table.TableVersion, [.. _table.All.Where(r => !_same.Contains(r.Key))], [.. _removed]);
}
