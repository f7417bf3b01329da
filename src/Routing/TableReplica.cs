using System.Collections.Immutable;
using System.Text.Json;

namespace Turnpike.Routing;

/// <summary>
/// The table of a proxy, which follows that of the control plane from delta to delta. A part that a delta does not touch is the same object
/// in the next table. Not thread-safe.
/// </summary>
public sealed class TableReplica
{
    private Parts _parts = Parts.None;

    /// <summary>The version of the current table; empty before the first delta.</summary>
    public string Version => _parts.Table.Version;

    /// <summary>The resources of the current table, each with its version.</summary>
    public IReadOnlyCollection<KeyValuePair<ResourceKey, string>> Versions => _parts.Versions;

    /// <summary>Applies a delta as a whole, or not at all. A delta that starts from no table replaces the current one.</summary>
    /// <param name="delta">The changes.</param>
    /// <param name="use">Puts the next table into effect. If it throws, the current table stays.</param>
    /// <exception cref="FormatException">The delta does not start from the current table, or this build cannot read it.</exception>
    public RouteTable Apply(TableDelta delta, Action<RouteTable>? use = null)
    {
        if (delta.From.Length > 0 && delta.From != Version)
            throw new FormatException($"the delta starts from table \"{delta.From}\", but the current table is \"{Version}\"");
        var next = (delta.From.Length == 0 ? Parts.None : _parts).With(delta);
        use?.Invoke(next.Table);
        _parts = next;
        return next.Table;
    }

    /// <summary>Forgets the current table, so that the next delta must start from no table.</summary>
    public void Reset() => _parts = Parts.None;

    private static object Decode(TableResource resource)
    {
        var context = RouteTableContext.Default;
        var (kind, name) = resource.Key;
        try
        {
            (object? value, string? says) = kind switch
            {
                ResourceKind.Listener => Named(
                    JsonSerializer.Deserialize(resource.Body.Span, context.ListenerDocument)?.ToListener(), l => l.Name),
                ResourceKind.VirtualHost => Named(
                    JsonSerializer.Deserialize(resource.Body.Span, context.VirtualHost),
                    h => ResourceKey.OfHost(resource.Key.Listener!, h.Domain).Name),
                ResourceKind.Cluster => Named(JsonSerializer.Deserialize(resource.Body.Span, context.Cluster), c => c.Name),
                ResourceKind.Certificate => Named(
                    JsonSerializer.Deserialize(resource.Body.Span, context.Certificate), TableResources.NameOf),
                ResourceKind.Routes => Named(
                    JsonSerializer.Deserialize(resource.Body.Span, context.RouteListDocument)?.ToList(), r => r.Name),
                ResourceKind.Settings => Named(JsonSerializer.Deserialize(resource.Body.Span, context.ProxySettings), _ => ""),
                _ => throw new FormatException($"resources of kind {kind} are not known here"),
            };
            if (value is null)
                throw new FormatException($"{kind} {name} is null");
            return says == name ? value : throw new FormatException($"{kind} {name} calls itself \"{says}\"");
        }
        catch (Exception e) when (e is JsonException or ArgumentException or NullReferenceException
            or NotSupportedException or InvalidOperationException)
        {
            throw new FormatException($"{kind} {name} cannot be read: {e.Message}", e);
        }
    }

    private static (object? Value, string? Name) Named<T>(T? value, Func<T, string?> name)
        where T : class => (value, value is null ? null : name(value));

    /// <summary>Returns the certificates by name with the fallback last, as in the table that the control plane compiled.</summary>
    private static IEnumerable<Certificate> InOrder(IEnumerable<Certificate> certificates) =>
        certificates.OrderBy(c => c.Hosts.IsEmpty).ThenBy(c => c.Name, StringComparer.Ordinal);

    /// <summary>A table and the resources that it is made of. Immutable.</summary>
    private sealed record Parts(RouteTable Table, Dictionary<ResourceKey, string> Versions, Dictionary<ResourceKey, object> Values)
    {
        public static Parts None { get; } = new(RouteTable.Empty, [], []);

        /// <summary>
        /// Gives the virtual hosts the lists of routes that they name. A host whose lists are the same objects as before stays the same
        /// object.
        /// </summary>
        private static void Link(Dictionary<ResourceKey, object> values, HashSet<string> listeners)
        {
            var lists = values.Where(v => v.Key.Kind == ResourceKind.Routes)
                .ToDictionary(v => v.Key.Name, v => (RouteList)v.Value, StringComparer.Ordinal);
            foreach (var (key, value) in values.Where(v => v.Value is VirtualHost).ToList())
            {
                var linked = RouteLinks.Link((VirtualHost)value, lists);
                if (ReferenceEquals(linked, value))
                    continue;
                values[key] = linked;
                listeners.Add(key.Listener!);
            }
        }

        /// <summary>
        /// Returns the listeners with their virtual hosts. A listener that the delta does not touch stays the same object.
        /// </summary>
        private ImmutableArray<Listener> Listeners(Dictionary<ResourceKey, object> values, HashSet<string> touched)
        {
            if (touched.Count == 0)
                return Table.Listeners;
            var hosts = values.Where(v => v.Key.Kind == ResourceKind.VirtualHost)
                .ToLookup(v => v.Key.Listener!, v => (VirtualHost)v.Value, StringComparer.Ordinal);
            foreach (var group in hosts)
            {
                if (!values.ContainsKey(new ResourceKey(ResourceKind.Listener, group.Key)))
                {
                    throw new FormatException(
                        $"host {group.First().Domain} is of the listener \"{group.Key}\", which the table does not have");
                }
            }
            return
            [
                .. values.Where(v => v.Key.Kind == ResourceKind.Listener).Select(v =>
                    !touched.Contains(v.Key.Name) && Table.FindListener(v.Key.Name) is { } same
                        ? same
                        : (Listener)v.Value with { Hosts = new VirtualHostSet(hosts[v.Key.Name]) }),
            ];
        }

        /// <summary>Returns the table after a delta, with its resources.</summary>
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
            List<ResourceKey> keys = [.. delta.Changed.Select(r => r.Key), .. delta.Removed];
            var touched = keys.Select(k => k.Kind).ToHashSet();
            var listeners = keys.Select(k => k.Listener).OfType<string>().ToHashSet(StringComparer.Ordinal);
            if (touched.Overlaps([ResourceKind.Routes, ResourceKind.VirtualHost]))
                Link(values, listeners);
            IEnumerable<T> Of<T>(ResourceKind kind) => values.Where(v => v.Key.Kind == kind).Select(v => (T)v.Value);
            try
            {
                var table = new RouteTable
                {
                    Version = delta.To,
                    Settings = touched.Contains(ResourceKind.Settings)
                        ? Of<ProxySettings>(ResourceKind.Settings).FirstOrDefault() ?? RouteTable.Empty.Settings
                        : Table.Settings,
                    Listeners = Listeners(values, listeners),
                    Clusters = touched.Contains(ResourceKind.Cluster) ? new ClusterSet(Of<Cluster>(ResourceKind.Cluster)) : Table.Clusters,
                    Certificates = touched.Contains(ResourceKind.Certificate)
                        ? [.. InOrder(Of<Certificate>(ResourceKind.Certificate))]
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
