using Turnpike.Compiler.Hosts;
using Turnpike.Compiler.Model;
using Turnpike.Routing;

namespace Turnpike.Compiler.Tables;

/// <summary>The virtual hosts of one listener while they are put together. The first claim of a host and path keeps it.</summary>
internal sealed class VirtualHostBuilder(string listener, DiagnosticBag diagnostics)
{
    private readonly SortedDictionary<string, Dictionary<PathMatch, PathClaim>> _hosts = new(StringComparer.Ordinal);
    private readonly List<PathClaim> _yielding = [];
    private readonly SortedDictionary<string, HostClosing?> _closed = new(StringComparer.Ordinal);

    public void Add(PathClaim claim)
    {
        if (claim.Yields)
        {
            _yielding.Add(claim);
            return;
        }
        var domain = Domain(claim.Host);
        var paths = PathsOf(domain);
        if (paths.TryAdd(claim.Path, claim))
            return;
        // Both are of one namespace: which namespace has a path is settled before.
        var taken = paths[claim.Path].Origin;
        diagnostics.Error(
            claim.Subject,
            DiagnosticReasons.HostPathTaken,
            $"{claim.Origin.Field}: host {domain}, path {claim.Path} on {listener} is taken by {taken.Kind} {taken}, which is older or comes first");
    }

    public void Close(HostClosing closing) => _closed.TryAdd(Domain(closing.Host), closing);

    /// <summary>Leaves a host as it is, even where a later <see cref="Close"/> asks for more.</summary>
    public void LeaveOpen(string host) => _closed.TryAdd(Domain(host), null);

    /// <summary>Adds the claims that yield and closes hosts, once everything that is served here is in.</summary>
    public void Finish()
    {
        foreach (var claim in _yielding)
            PathsOf(Domain(claim.Host)).TryAdd(claim.Path, claim);
        foreach (var (host, closing) in _closed)
        {
            if (closing is null)
                continue;
            if (_hosts.TryGetValue(host, out var paths) && paths.GetValueOrDefault(PathMatch.Any) is { IsFallback: true } fallback && fallback.Subject != closing.Subject)
            {
                paths.Remove(PathMatch.Any);
                Displaced(fallback, host, closing);
            }
            if (closing.Rest is { } rest)
                PathsOf(host).TryAdd(rest.Path, rest);
            else if (!_hosts.ContainsKey(host) && Wider(host) is not null)
                _hosts.Add(host, []);
        }
    }

    /// <summary>
    /// Keeps an owned host that this listener does not have from being served by the owner of a wider one. The host gets a virtual host of its own, with
    /// those paths of the wider one that are its owner's or have its consent.
    /// </summary>
    public void CloseTo(HostOwners owners)
    {
        // Wildcards first: a name under one is closed by what is left of it.
        foreach (var host in owners.Owned.Keys.OrderByDescending(h => h.StartsWith("*.", StringComparison.Ordinal)).ThenBy(h => h, StringComparer.Ordinal))
        {
            if (_hosts.ContainsKey(host) || Wider(host) is not { } wider)
                continue;
            var permitted = wider.Where(e => owners.MayServe(e.Value.Subject.Namespace, host)).ToDictionary();
            if (permitted.Count < wider.Count)
                _hosts.Add(host, permitted);
        }
    }

    public VirtualHostSet Build() => new(_hosts.Select(h => new VirtualHost(h.Key, [.. h.Value.Values.Select(c => c.ToEntry())])));

    private Dictionary<PathMatch, PathClaim>? Wider(string host)
    {
        var dot = host.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && !host.StartsWith("*.", StringComparison.Ordinal) && _hosts.TryGetValue("*" + host[dot..], out var found) ? found : _hosts.GetValueOrDefault("*");
    }

    private Dictionary<PathMatch, PathClaim> PathsOf(string domain)
    {
        if (!_hosts.TryGetValue(domain, out var paths))
            _hosts.Add(domain, paths = []);
        return paths;
    }

    private void Displaced(PathClaim fallback, string host, HostClosing closing)
    {
        var (subject, by) = (fallback.Subject, closing.Subject);
        string Text(string whose) => $"{fallback.Origin.Field}: on {listener} it gets no request for host {host}, because {whose} {closing.Because}"
            + (closing.Rest is null ? "" : ", so that what no path takes is redirected to HTTPS");
        var full = Text(ObjectWords.Of(by));
        var ours = by.Namespace == subject.Namespace;
        diagnostics.Warn(subject, DiagnosticReasons.NoEffect, ours ? full : Text(ObjectWords.OfAnotherNamespace(by.Kind)), ours ? null : full);
    }

    private static string Domain(string host) => host.Length == 0 ? "*" : host.ToLowerInvariant();
}
