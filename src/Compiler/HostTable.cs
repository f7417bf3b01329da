using Turnpike.Api;
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
        var taken = paths[entry.Path].Origin;
        diagnostics.Error(
            ingress,
            DiagnosticReasons.HostPathTaken,
            $"{Where(entry.Origin)}: host {domain}, path {entry.Path} on {listener} is taken by Ingress {taken}, which is older or comes first");
    }

    public VirtualHostSet Build() => new(_hosts.Select(h => new VirtualHost(h.Key, [.. h.Value.Values])));

    private static string Where(RouteOrigin origin) => origin.Rule == 0 ? "spec.defaultBackend" : IngressPaths.FieldPath(origin.Rule - 1, origin.Path - 1);
}

/// <summary>Where in an Ingress a path stands, both counted from 0.</summary>
public static class IngressPaths
{
    public static string FieldPath(int rule, int path) => $"spec.rules[{rule}].http.paths[{path}]";
}
