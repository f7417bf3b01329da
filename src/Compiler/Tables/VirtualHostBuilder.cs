using Turnpike.Api;
using Turnpike.Compiler.Hosts;
using Turnpike.Compiler.Model;
using Turnpike.Routing;

namespace Turnpike.Compiler.Tables;

/// <summary>The virtual hosts of one listener while they are put together. Whoever comes first with a host and path keeps it.</summary>
internal sealed class VirtualHostBuilder(string listener, DiagnosticBag diagnostics)
{
    private readonly SortedDictionary<string, Dictionary<PathMatch, PathClaim>> _hosts = new(StringComparer.Ordinal);
    private readonly List<(string Host, PathClaim Entry)> _redirects = [];
    private readonly SortedDictionary<string, (ObjectKey Ingress, PathClaim? Whole)?> _closed = new(StringComparer.Ordinal);

    /// <param name="host">Empty for any host.</param>
    public void Add(ObjectKey ingress, string host, PathClaim entry)
    {
        var domain = Domain(host);
        var paths = PathsOf(domain);
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
    /// A path of a host that redirects to another listener. It takes nothing from what is served here: the same path of another Ingress stays, be it older
    /// or younger.
    /// </summary>
    public void AddRedirect(string host, PathClaim entry) => _redirects.Add((Domain(host), entry));

    /// <summary>
    /// Says what becomes of the requests for a host that nobody's path here takes: they are redirected, or they get nothing; no wider host and no
    /// default backend of another Ingress has them. Whoever comes first says it.
    /// </summary>
    /// <param name="ingress">That says so.</param>
    /// <param name="host">Not empty.</param>
    /// <param name="rest">Takes every path; null for nothing.</param>
    public void Close(ObjectKey ingress, string host, PathClaim? rest) => _closed.TryAdd(Domain(host), (ingress, rest));

    /// <summary>Leaves a host as it is, whoever asks for <see cref="Close"/> later.</summary>
    public void LeaveOpen(string host) => _closed.TryAdd(Domain(host), null);

    /// <summary>Adds redirects and closes hosts, once everything that is served here is in.</summary>
    public void Finish()
    {
        foreach (var (host, entry) in _redirects)
            PathsOf(host).TryAdd(entry.Path, entry);
        foreach (var (host, closing) in _closed)
        {
            if (closing is not var (ingress, rest))
                continue;
            if (_hosts.TryGetValue(host, out var paths) && paths.GetValueOrDefault(PathMatch.Any) is { } fallback && fallback.Origin is { Rule: 0, Tls: 0 } && fallback.Origin.Ingress != Name(ingress))
            {
                paths.Remove(PathMatch.Any);
                Displaced(fallback.Origin, host, ingress, rest is not null);
            }
            if (rest is not null)
                PathsOf(host).TryAdd(rest.Path, rest);
            else if (!_hosts.ContainsKey(host) && Wider(host) is not null)
                _hosts.Add(host, []);
        }
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

    private Dictionary<PathMatch, PathClaim>? Wider(string host)
    {
        var dot = host.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && !host.StartsWith("*.", StringComparison.Ordinal) && _hosts.TryGetValue("*" + host[dot..], out var found) ? found : _hosts.GetValueOrDefault("*");
    }

    private static string NamespaceOf(PathClaim entry) => entry.Origin.Ingress[..entry.Origin.Ingress.IndexOf('/', StringComparison.Ordinal)];

    public VirtualHostSet Build() => new(_hosts.Select(h => new VirtualHost(h.Key, [.. h.Value.Values.Select(c => c.ToEntry())])));

    private Dictionary<PathMatch, PathClaim> PathsOf(string domain)
    {
        if (!_hosts.TryGetValue(domain, out var paths))
            _hosts.Add(domain, paths = []);
        return paths;
    }

    private void Displaced(RouteOrigin fallback, string host, ObjectKey closedBy, bool redirects)
    {
        var slash = fallback.Ingress.IndexOf('/', StringComparison.Ordinal);
        var subject = new ObjectKey(Kinds.Ingress, fallback.Ingress[..slash], fallback.Ingress[(slash + 1)..]);
        string Text(string whose) => $"spec.defaultBackend: on {listener} it gets no request for host {host}, because {whose} lists the host under tls"
            + (redirects ? ", so that what no path takes is redirected to HTTPS" : "");
        var full = Text($"Ingress {Name(closedBy)}");
        var ours = closedBy.Namespace == subject.Namespace;
        diagnostics.Warn(subject, DiagnosticReasons.NoEffect, ours ? full : Text("an Ingress of another namespace"), ours ? null : full);
    }

    private static string Domain(string host) => host.Length == 0 ? "*" : host.ToLowerInvariant();

    private static string Name(ObjectKey ingress) => $"{ingress.Namespace}/{ingress.Name}";

    private static string Where(RouteOrigin origin) => origin.Rule == 0 ? "spec.defaultBackend" : IngressPaths.FieldPath(origin.Rule - 1, origin.Path - 1);
}
