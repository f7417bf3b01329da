using System.Collections.Immutable;
using System.Text;

namespace Turnpike.Routing;

/// <summary>
/// The virtual hosts of one listener. Hosts compare without regard to case and port. An exact name goes before a wildcard, and a wildcard
/// before <c>*</c>. A request that finds no route in its virtual host is not matched in a wider one.
/// </summary>
public sealed class VirtualHostSet
{
    private HostIndex<VirtualHost>? _index;

    /// <param name="hosts">The virtual hosts. Of several with the same domain the first is kept.</param>
    public VirtualHostSet(IEnumerable<VirtualHost> hosts)
        : this([.. hosts.DistinctBy(h => h.Domain, StringComparer.OrdinalIgnoreCase).OrderBy(h => h.Domain, StringComparer.Ordinal)]) =>
        _index = IndexOf(All);

    private VirtualHostSet(ImmutableArray<VirtualHost> sorted) => All = sorted;

    public static VirtualHostSet Empty { get; } = new(Enumerable.Empty<VirtualHost>());

    /// <summary>The virtual hosts in the ordinal order of their domains.</summary>
    public ImmutableArray<VirtualHost> All { get; }

    /// <summary>
    /// Returns a set that is indexed when something is first looked up in it. Code that makes tables hardly ever looks anything up.
    /// </summary>
    /// <param name="hosts">The virtual hosts in the ordinal order of their domains, which are in lower case, each once.</param>
    public static VirtualHostSet OfSorted(ImmutableArray<VirtualHost> hosts) => new(hosts);

    /// <summary>Returns the virtual host that an authority belongs to, or null. Allocates nothing.</summary>
    /// <param name="authority">The authority as the client wrote it: in any case, with or without a port.</param>
    public VirtualHost? Find(ReadOnlySpan<byte> authority) => (_index ??= IndexOf(All)).Find(HostOf(authority));

    /// <summary>Returns the same for an authority as text, which is encoded first.</summary>
    public VirtualHost? Find(string authority) => Find(Encoding.UTF8.GetBytes(authority));

    private static HostIndex<VirtualHost> IndexOf(ImmutableArray<VirtualHost> hosts) => new(hosts.Select(h => (h.Domain, h)));

    /// <summary>Returns the host of an authority, without its port and without the dot that ends a fully qualified name.</summary>
    public static ReadOnlySpan<byte> HostOf(ReadOnlySpan<byte> authority)
    {
        var host = authority;
        var colon = host.LastIndexOf((byte)':');
        if (colon >= 0 && !host[colon..].Contains((byte)']') && (host.StartsWith((byte)'[') || host.IndexOf((byte)':') == colon))
            host = host[..colon];
        return host.EndsWith((byte)'.') ? host[..^1] : host;
    }

    /// <summary>Returns the same for an authority as text.</summary>
    public static string HostOf(string authority) => Encoding.UTF8.GetString(HostOf(Encoding.UTF8.GetBytes(authority)));
}
