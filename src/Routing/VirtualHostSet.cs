using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Turnpike.Routing;

/// <summary>
/// The virtual hosts of one listener. Hosts compare without regard to case and port; an exact name goes before a wildcard (which
/// stands for exactly one label), a wildcard before <c>*</c>. There is no way back from a virtual host to a wider one.
/// </summary>
public sealed class VirtualHostSet
{
    private readonly FrozenDictionary<string, VirtualHost>.AlternateLookup<ReadOnlySpan<char>> _exact;
    private readonly FrozenDictionary<string, VirtualHost>.AlternateLookup<ReadOnlySpan<char>> _wildcard;
    private readonly VirtualHost? _any;

    /// <param name="hosts">At most one for each domain; of more the first is kept.</param>
    public VirtualHostSet(IEnumerable<VirtualHost> hosts)
    {
        All = [.. hosts.DistinctBy(h => h.Domain, StringComparer.OrdinalIgnoreCase).OrderBy(h => h.Domain, StringComparer.Ordinal)];
        _any = All.FirstOrDefault(h => h.Domain == "*");
        _wildcard = All.Where(h => h.Domain.StartsWith("*.", StringComparison.Ordinal))
            .ToFrozenDictionary(h => h.Domain[2..], StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();
        _exact = All.Where(h => !h.Domain.StartsWith('*'))
            .ToFrozenDictionary(h => h.Domain, StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public static VirtualHostSet Empty { get; } = new([]);

    /// <summary>In ordinal order of their domains.</summary>
    public ImmutableArray<VirtualHost> All { get; }

    /// <param name="authority">As the client wrote it: any case, with or without a port.</param>
    public VirtualHost? Find(ReadOnlySpan<char> authority)
    {
        var host = HostOf(authority);
        if (_exact.TryGetValue(host, out var found))
            return found;
        var dot = host.IndexOf('.');
        if (dot > 0 && _wildcard.TryGetValue(host[(dot + 1)..], out found))
            return found;
        return _any;
    }

    /// <summary>The host of an authority: without its port and without the dot that ends a fully qualified name.</summary>
    public static ReadOnlySpan<char> HostOf(ReadOnlySpan<char> authority)
    {
        var host = authority;
        var colon = host.LastIndexOf(':');
        if (colon >= 0 && !host[colon..].Contains(']') && (host.StartsWith('[') || host.IndexOf(':') == colon))
            host = host[..colon];
        return host.EndsWith('.') ? host[..^1] : host;
    }
}
