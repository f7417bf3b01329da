using Turnpike.Compiler.FrontEnds.Ingress;
using Turnpike.Routing;

namespace Turnpike.Compiler.Hosts;

/// <summary>
/// Which namespace has a path of a host that several may serve: who had it, else the host's owner, else the oldest. It has the path on
/// both ports, so that nobody serves on port 80 what another namespace serves on 443 alone.
/// </summary>
internal sealed class PathHolders
{
    private readonly HostOwners _owners;
    private readonly HostClaims _claims;
    private readonly Dictionary<(string Host, PathMatch Path), (string Namespace, int Rank)> _holders = [];

    public PathHolders(HostOwners owners, HostClaims claims)
    {
        _owners = owners;
        _claims = claims;
        var contested = Contested();
        foreach (var ingress in owners.Ours)
        {
            var ns = ingress.Metadata.Namespace;
            foreach (var served in ServedPaths.Of(ingress))
            {
                if (!contested.Contains(served.Host) || !owners.MayServe(ns, served.Host))
                    continue;
                var rank = Rank(ns, served.Host, served.Path);
                if (!_holders.TryGetValue((served.Host, served.Path), out var holder) || rank < holder.Rank)
                    _holders[(served.Host, served.Path)] = (ns, rank);
            }
        }
    }

    public bool Has(string ns, string host, PathMatch path) => !_holders.TryGetValue((host, path), out var holder) || holder.Namespace == ns;

    /// <summary>The owner's paths need no record: it goes before whoever has none either.</summary>
    public IEnumerable<KeyValuePair<string, string>> ToRemember() =>
        _holders.Where(h => h.Value.Namespace != _owners.OwnerOf(h.Key.Host)).Select(h => new KeyValuePair<string, string>(Line(h.Key.Host, h.Key.Path), h.Value.Namespace));

    /// <summary>Hosts without an owner, and those that others serve beside their owner: of the rest every path is the owner's.</summary>
    private HashSet<string> Contested()
    {
        var contested = new HashSet<string>(StringComparer.Ordinal);
        foreach (var ingress in _owners.Ours)
        {
            foreach (var host in ingress.Rules.Select(r => r.Host.ToLowerInvariant()).Append(""))
            {
                if (_owners.OwnerOf(host) != ingress.Metadata.Namespace)
                    contested.Add(host);
            }
        }
        return contested;
    }

    private int Rank(string ns, string host, PathMatch path) =>
        _claims.HasPaths && _claims.HolderOf(Line(host, path)) == ns ? 0
        : _owners.OwnerOf(host) == ns ? 1
        : 2;

    private static string Line(string host, PathMatch path) => $"{(host.Length == 0 ? "*" : host)} {path}";
}
