using Turnpike.Api.Ingresses;

namespace Turnpike.Compiler.FrontEnds.Ingress;

/// <summary>Which hosts of an Ingress are for TLS: read once, because it is asked for each of its paths.</summary>
internal sealed class TlsHosts
{
    private readonly bool _any;
    private readonly bool _all;
    private readonly Dictionary<string, int> _listed = new(StringComparer.Ordinal);

    private TlsHosts(IngressObject? ingress)
    {
        if (ingress is null)
            return;
        _any = !ingress.Tls.IsEmpty;
        _all = ingress.Tls.Any(t => t.Hosts.IsEmpty);
        for (var t = 0; t < ingress.Tls.Length; t++)
        {
            foreach (var host in ingress.Tls[t].Hosts.Where(h => h.Length > 0))
                _listed.TryAdd(host.ToLowerInvariant(), t);
        }
        foreach (var rule in ingress.Rules)
        {
            // A name under a listed wildcard is listed: its virtual host goes before that of the wildcard.
            var host = rule.Host.ToLowerInvariant();
            if (!_listed.ContainsKey(host) && Wildcard(host) is { } wildcard && _listed.TryGetValue(wildcard, out var entry))
                _listed.Add(host, entry);
        }
    }

    public static TlsHosts None { get; } = new(null);

    public static TlsHosts Of(IngressObject ingress) => new(ingress);

    /// <summary>The hosts that entries of <c>spec.tls</c> list, in lower case, and the names of rules under their wildcards; each with the index of its entry.</summary>
    public IEnumerable<KeyValuePair<string, int>> Listed => _listed.OrderBy(l => l.Key, StringComparer.Ordinal);

    /// <summary>Whether an entry lists this host, by name or by wildcard.</summary>
    /// <param name="host">Of the Ingress, in lower case.</param>
    public bool List(string host) => _listed.ContainsKey(host);

    /// <summary>
    /// Whether the host is served over TLS. An entry without hosts is for the whole Ingress; a rule without host is covered by any entry.
    /// </summary>
    /// <param name="host">Of the Ingress, in lower case; empty for any.</param>
    public bool Cover(string host) => _any && (_all || host.Length == 0 || List(host));

    private static string? Wildcard(string host) => host.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot ? "*" + host[dot..] : null;
}
