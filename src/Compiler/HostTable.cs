using Turnpike.Api;
using Turnpike.Compiler.Hosts;
using Turnpike.Routing;

namespace Turnpike.Compiler;

/// <summary>The virtual hosts of one listener while they are put together. Whoever comes first with a host and path keeps it.</summary>
internal sealed class HostTable(string listener, DiagnosticBag diagnostics)
{
    private readonly SortedDictionary<string, Dictionary<PathMatch, PathEntry>> _hosts = new(StringComparer.Ordinal);

    /// <param name="host">Empty for any host.</param>
    public void Add(ObjectKey ingress, string host, PathEntry entry)
    {
        var domain = host.Length == 0 ? "*" : host.ToLowerInvariant();
        if (!_hosts.TryGetValue(domain, out var paths))
            _hosts.Add(domain, paths = []);
        if (paths.TryAdd(entry.Path, entry))
            return;
        // Of one namespace: which namespace has a path is settled before.
        var taken = paths[entry.Path].Origin;
        diagnostics.Error(
            ingress,
            DiagnosticReasons.HostPathTaken,
            $"{Where(entry.Origin)}: host {domain}, path {entry.Path} on {listener} is taken by Ingress {taken}, which is older or comes first");
    }

    /// <summary>
    /// An owned host that this listener does not have would be served by whoever has a wider one. It gets a virtual host of its own, with
    /// those paths of the wider one that are its owner's or have its consent.
    /// </summary>
    public void CloseTo(HostOwners owners)
    {
        // Wildcards first: a name under one is closed by what is left of it.
        foreach (var host in owners.Owned.Keys.OrderByDescending(h => h.StartsWith("*.", StringComparison.Ordinal)).ThenBy(h => h, StringComparer.Ordinal))
        {
            if (_hosts.ContainsKey(host) || Wider(host) is not { } wider)
                continue;
            var permitted = wider.Where(e => owners.MayServe(NamespaceOf(e.Value), host)).ToDictionary();
            if (permitted.Count < wider.Count)
                _hosts.Add(host, permitted);
        }
    }

    private Dictionary<PathMatch, PathEntry>? Wider(string host)
    {
        var dot = host.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && !host.StartsWith("*.", StringComparison.Ordinal) && _hosts.TryGetValue("*" + host[dot..], out var found) ? found : _hosts.GetValueOrDefault("*");
    }

    private static string NamespaceOf(PathEntry entry) => entry.Origin.Ingress[..entry.Origin.Ingress.IndexOf('/', StringComparison.Ordinal)];

    public VirtualHostSet Build() => new(_hosts.Select(h => new VirtualHost(h.Key, [.. h.Value.Values])));

    private static string Where(RouteOrigin origin) => origin.Rule == 0 ? "spec.defaultBackend" : IngressPaths.FieldPath(origin.Rule - 1, origin.Path - 1);
}

/// <summary>Where in an Ingress a path stands, both counted from 0.</summary>
public static class IngressPaths
{
    public static string FieldPath(int rule, int path) => $"spec.rules[{rule}].http.paths[{path}]";
}
