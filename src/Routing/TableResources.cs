using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace Turnpike.Routing;

/// <summary>What a table is made of, on its way to a proxy.</summary>
public enum ResourceKind
{
    Settings,

    /// <summary>A listener without its virtual hosts.</summary>
    Listener,

    /// <summary>A virtual host of a listener.</summary>
    VirtualHost,

    Cluster,
    Certificate,

    /// <summary>A list of routes that paths of hosts name.</summary>
    Routes,
}

/// <summary>Names a resource.</summary>
/// <param name="Kind">What the resource is.</param>
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

    /// <summary>No resource at all: what a starting proxy has.</summary>
    public static TableResources None { get; } = new("", []);

    /// <summary>Made from the versions of the resources: equal content has an equal version on every replica, whatever came before it.</summary>
    public string TableVersion { get; }

    /// <summary>All resources: by kind, by listener, by name.</summary>
    public ImmutableArray<TableResource> All => field.IsDefault ? field = [.. _groups.SelectMany(g => g.Resources)] : field;

    /// <summary>The resources of a table by itself.</summary>
    public static TableResources Of(RouteTable table) => Of(table, None);

    /// <summary>
    /// The resources of a table. Those that are equal in <paramref name="previous"/> are taken from there, and are not written again. What
    /// holds the same objects as before is not looked at.
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
        // Lists of routes are found through the hosts: where these are the same, so are the lists.
        var areHostsSame = previous._groups.Length > 0 && groups.Where(g => g.Kind == ResourceKind.VirtualHost)
            .SequenceEqual(previous._groups.Where(g => g.Kind == ResourceKind.VirtualHost), ReferenceEqualityComparer.Instance);
        var lists = areHostsSame ? previous.Find(ResourceKind.Routes, null)!.Source : new object();
        Add(Routes, null, lists, () => RouteLinks.ListsOf(table));
        var all = groups.DrainToImmutable();
        return new TableResources(VersionOf(all), all);
    }

    /// <summary>What somebody who has <paramref name="known"/> needs to have this table.</summary>
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

    /// <summary>Compares this table with one that somebody names part by part.</summary>
    /// <param name="version">Of the other table.</param>
    public TableComparison CompareWith(string version) => new(this, version);

    internal TableResource? Find(ResourceKey key) => key.Kind == ResourceKind.VirtualHost
        ? Find(key.Kind, key.Listener)?.Find(key.Name[Math.Min(key.Name.Length, key.Listener!.Length + 1)..])
        : Find(key.Kind, null)?.Find(key.Name);

    /// <summary>One secret may be there twice: for its hosts, and as the fallback.</summary>
    internal static string NameOf(Certificate certificate) => certificate.Hosts.IsEmpty ? $"{certificate.Name} (fallback)" : certificate.Name;

    /// <summary>The first bytes of a hash as text.</summary>
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

    /// <summary>A hash over the hashes of the groups, so that one changed resource does not have all others hashed again.</summary>
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

/// <summary>Finds the way from a table that is named part by part, in any order, while keeping little of what is named. Not thread-safe.</summary>
public sealed class TableComparison
{
    private readonly TableResources _table;
    private readonly string _from;
    private readonly HashSet<ResourceKey> _same = [];
    private readonly HashSet<ResourceKey> _removed = [];

    internal TableComparison(TableResources table, string from) => (_table, _from) = (table, from);

    /// <summary>A resource that the other table has.</summary>
    public void Has(ResourceKey key, string version)
    {
        if (_table.Find(key) is not { } resource)
            _removed.Add(key);
        else if (resource.Version == version)
            _same.Add(resource.Key);
    }

    /// <summary>The way, once all resources are named.</summary>
    public TableDelta Delta() => new(_from, _table.TableVersion, [.. _table.All.Where(r => !_same.Contains(r.Key))], [.. _removed]);
}

/// <summary>The other end: builds tables out of deltas. Parts that a delta does not touch are the same objects as before. Not thread-safe.</summary>
public sealed class TableAssembly
{
    private Parts _parts = Parts.None;

    /// <summary>Version of the table as it stands; empty before the first delta.</summary>
    public string Version => _parts.Table.Version;

    /// <summary>What the table as it stands is made of.</summary>
    public IReadOnlyCollection<KeyValuePair<ResourceKey, string>> Versions => _parts.Versions;

    /// <summary>Applies a delta as a whole, or not at all. One that starts from no table replaces whatever is here.</summary>
    /// <param name="delta">The way to the next table.</param>
    /// <param name="use">Puts the table in force; what it throws leaves the assembly as it was.</param>
    /// <exception cref="FormatException">The delta does not start from the table as it stands, or holds what this build cannot read.</exception>
    public RouteTable Apply(TableDelta delta, Action<RouteTable>? use = null)
    {
        if (delta.From.Length > 0 && delta.From != Version)
            throw new FormatException($"the delta starts from table \"{delta.From}\", but the table here is \"{Version}\"");
        var next = (delta.From.Length == 0 ? Parts.None : _parts).With(delta);
        use?.Invoke(next.Table);
        _parts = next;
        return next.Table;
    }

    /// <summary>Forgets everything: the next delta starts from nothing.</summary>
    public void Reset() => _parts = Parts.None;

    private static object Decode(TableResource resource)
    {
        var context = RouteTableContext.Default;
        var (kind, name) = resource.Key;
        try
        {
            (object? value, string? says) = kind switch
            {
                ResourceKind.Listener => Named(JsonSerializer.Deserialize(resource.Body.Span, context.ListenerDocument)?.ToListener(), l => l.Name),
                ResourceKind.VirtualHost => Named(
                    JsonSerializer.Deserialize(resource.Body.Span, context.VirtualHost),
                    h => ResourceKey.OfHost(resource.Key.Listener!, h.Domain).Name),
                ResourceKind.Cluster => Named(JsonSerializer.Deserialize(resource.Body.Span, context.Cluster), c => c.Name),
                ResourceKind.Certificate => Named(JsonSerializer.Deserialize(resource.Body.Span, context.Certificate), TableResources.NameOf),
                ResourceKind.Routes => Named(JsonSerializer.Deserialize(resource.Body.Span, context.RouteListDocument)?.ToList(), r => r.Name),
                ResourceKind.Settings => Named(JsonSerializer.Deserialize(resource.Body.Span, context.ProxySettings), _ => ""),
                _ => throw new FormatException($"resources of kind {kind} are not known here"),
            };
            if (value is null)
                throw new FormatException($"{kind} {name} is null");
            return says == name ? value : throw new FormatException($"{kind} {name} calls itself \"{says}\"");
        }
        catch (Exception e) when (e is JsonException or ArgumentException or NullReferenceException or NotSupportedException or InvalidOperationException)
        {
            throw new FormatException($"{kind} {name} cannot be read: {e.Message}", e);
        }
    }

    private static (object? Value, string? Name) Named<T>(T? value, Func<T, string?> name)
        where T : class => (value, value is null ? null : name(value));

    /// <summary>A table and what it is made of. Never changed once it is made.</summary>
    private sealed record Parts(RouteTable Table, Dictionary<ResourceKey, string> Versions, Dictionary<ResourceKey, object> Values)
    {
        public static Parts None { get; } = new(RouteTable.Empty, [], []);

        /// <summary>Gives the hosts the lists of routes that they name; a host whose lists are the same objects as before stays the same object.</summary>
        private static void Link(Dictionary<ResourceKey, object> values, HashSet<string> listeners)
        {
            var lists = values.Where(v => v.Key.Kind == ResourceKind.Routes).ToDictionary(v => v.Key.Name, v => (RouteList)v.Value, StringComparer.Ordinal);
            foreach (var (key, value) in values.Where(v => v.Value is VirtualHost).ToList())
            {
                var linked = RouteLinks.Link((VirtualHost)value, lists);
                if (ReferenceEquals(linked, value))
                    continue;
                values[key] = linked;
                listeners.Add(key.Listener!);
            }
        }

        /// <summary>Puts the listeners together. One that the delta does not touch stays the same object.</summary>
        private ImmutableArray<Listener> Listeners(Dictionary<ResourceKey, object> values, HashSet<string> touched)
        {
            if (touched.Count == 0)
                return Table.Listeners;
            var hosts = values.Where(v => v.Key.Kind == ResourceKind.VirtualHost)
                .ToLookup(v => v.Key.Listener!, v => (VirtualHost)v.Value, StringComparer.Ordinal);
            foreach (var group in hosts)
            {
                if (!values.ContainsKey(new ResourceKey(ResourceKind.Listener, group.Key)))
                    throw new FormatException($"host {group.First().Domain} is of the listener \"{group.Key}\", which the table does not have");
            }
            return
            [
                .. values.Where(v => v.Key.Kind == ResourceKind.Listener).Select(v =>
                    !touched.Contains(v.Key.Name) && Table.FindListener(v.Key.Name) is { } same
                        ? same
                        : (Listener)v.Value with { Hosts = new VirtualHostSet(hosts[v.Key.Name]) }),
            ];
        }

        public Parts With(TableDelta delta)
        {
            var (versions, values) = (new Dictionary<ResourceKey, string>(Versions), new Dictionary<ResourceKey, object>(Values));
            foreach (var resource in delta.Changed)
                (versions[resource.Key], values[resource.Key]) = (resource.Version, Decode(resource));
            foreach (var key in delta.Removed)
            {
                versions.Remove(key);
                values.Remove(key);
            }
            var touched = delta.Changed.Select(r => r.Key.Kind).Concat(delta.Removed.Select(k => k.Kind)).ToHashSet();
            var listeners = delta.Changed.Select(r => r.Key).Concat(delta.Removed).Select(k => k.Listener).OfType<string>().ToHashSet(StringComparer.Ordinal);
            if (touched.Overlaps([ResourceKind.Routes, ResourceKind.VirtualHost]))
                Link(values, listeners);
            IEnumerable<T> Of<T>(ResourceKind kind) => values.Where(v => v.Key.Kind == kind).Select(v => (T)v.Value);
            try
            {
                var table = new RouteTable
                {
                    Version = delta.To,
                    Settings = touched.Contains(ResourceKind.Settings) ? Of<ProxySettings>(ResourceKind.Settings).FirstOrDefault() ?? RouteTable.Empty.Settings : Table.Settings,
                    Listeners = Listeners(values, listeners),
                    Clusters = touched.Contains(ResourceKind.Cluster) ? new ClusterSet(Of<Cluster>(ResourceKind.Cluster)) : Table.Clusters,
                    Certificates = touched.Contains(ResourceKind.Certificate)
                        ? [.. Of<Certificate>(ResourceKind.Certificate).OrderBy(c => c.Hosts.IsEmpty).ThenBy(c => c.Name, StringComparer.Ordinal)]
                        : Table.Certificates,
                };
                return new Parts(table, versions, values);
            }
            catch (Exception e) when (e is ArgumentException or NullReferenceException)
            {
                throw new FormatException($"the table cannot be put together: {e.Message}", e);
            }
        }
    }
}
