using Turnpike.Api.Ingresses;

namespace Turnpike.Compiler.FrontEnds.Ingress;

/// <summary>The hosts of an Ingress that are served over TLS. It is read once for an Ingress, because each of its paths needs it.</summary>
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
            // A name under a listed wildcard counts as listed, because its virtual host takes precedence over that of the wildcard.
            var host = rule.Host.ToLowerInvariant();
            if (!_listed.ContainsKey(host) && Wildcard(host) is { } wildcard && _listed.TryGetValue(wildcard, out var entry))
                _listed.Add(host, entry);
        }
    }

    public static TlsHosts None { get; } = new(null);

    public static TlsHosts Of(IngressObject ingress) => new(ingress);

    /// <summary>
    /// The hosts that entries of <c>spec.tls</c> list, in lower case, and the names of rules under their wildcards; each with the index of
    /// its entry.
    /// </summary>
    public IEnumerable<KeyValuePair<string, int>> Listed => _listed.OrderBy(l => l.Key, StringComparer.Ordinal);

    /// <summary>Returns true when an entry lists this host, by name or by wildcard.</summary>
    /// <param name="host">A host of the Ingress, in lower case.</param>
    public bool List(string host) => _listed.ContainsKey(host);

    /// <summary>
    /// Returns true when the host is served over TLS. An entry without hosts covers the whole Ingress, and a rule without a host is covered
    /// by any entry.
    /// </summary>
    /// <param name="host">A host of the Ingress, in lower case; empty for any host.</param>
    public bool Cover(string host) => _any && (_all || host.Length == 0 || List(host));

    private static string? Wildcard(string host) => host.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot ? "*" + host[dot..] : null;
}
