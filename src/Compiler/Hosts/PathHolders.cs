using Turnpike.Compiler.Model;
using Turnpike.Routing;

namespace Turnpike.Compiler.Hosts;

/// <summary>
/// Decides which namespace has a path of a host that several may serve: the one that had it before, else the host's owner, else the one
/// with the oldest object. It has the path on both ports, so that no namespace serves on port 80 a path that another one serves only on
/// 443.
/// </summary>
internal sealed class PathHolders
{
    private readonly HostOwners _owners;
    private readonly HostClaims _claims;
    private readonly Dictionary<HostPath, (string Namespace, string Kind, int Rank)> _holders = [];

    public PathHolders(HostOwners owners, HostClaims claims)
    {
        _owners = owners;
        _claims = claims;
        var contested = Contested();
        foreach (var request in owners.Requests)
        {
            var ns = request.Subject.Namespace;
            foreach (var path in request.Paths)
            {
                if (!contested.Contains(path.Host) || !owners.MayServe(ns, path.Host))
                    continue;
                var rank = Rank(ns, path);
                if (!_holders.TryGetValue(path, out var holder) || rank < holder.Rank)
                    _holders[path] = (ns, request.Subject.Kind, rank);
            }
        }
    }

    public bool Has(string ns, string host, PathMatch path) =>
        !_holders.TryGetValue(new(host, path), out var holder) || holder.Namespace == ns;

    /// <summary>Returns the kind of the object that holds a path of a contested host; null when no object has the path.</summary>
    public string? KindOfHolder(string host, PathMatch path) =>
        _holders.TryGetValue(new(host, path), out var holder) ? holder.Kind : null;

    /// <summary>
    /// Returns the paths to be recorded, with their holders. The owner's paths need no record, because the owner takes precedence over all
    /// others without a record.
    /// </summary>
    public IEnumerable<KeyValuePair<string, string>> ToRemember() =>
        _holders
            .Where(h => h.Value.Namespace != _owners.OwnerOf(h.Key.Host))
            .Select(h => new KeyValuePair<string, string>(Line(h.Key), h.Value.Namespace));

    /// <summary>
    /// Returns the hosts without an owner, and those that others serve beside their owner. Every path of the other hosts belongs to their
    /// owner.
    /// </summary>
    private HashSet<string> Contested()
    {
        var contested = new HashSet<string>(StringComparer.Ordinal);
        foreach (var request in _owners.Requests)
        {
            foreach (var (host, _) in request.Paths)
            {
                if (!contested.Contains(host) && _owners.OwnerOf(host) != request.Subject.Namespace)
                    contested.Add(host);
            }
        }
        return contested;
    }

    private int Rank(string ns, HostPath path) =>
        _claims.HasPaths && _claims.HolderOf(Line(path)) == ns ? 0
        : _owners.OwnerOf(path.Host) == ns ? 1
        : 2;

    private static string Line(HostPath path) => $"{(path.Host.Length == 0 ? "*" : path.Host)} {path.Path}";
}
