using System.Collections.Immutable;
using Turnpike.Compiler.Hosts;
using Turnpike.Compiler.Incremental;
using Turnpike.Compiler.Model;
using Turnpike.Routing;

namespace Turnpike.Compiler.Tables;

/// <summary>
/// Builds the virtual hosts of one listener from the claims of all objects. The first claim of a host and path holds. A host is built again
/// only when one of its claims, or the wider host over it, has changed.
/// </summary>
internal sealed class VirtualHostBuilder(string listener)
{
    private readonly Dictionary<string, HostSlot> _slots = new(StringComparer.Ordinal);
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);

    private readonly HashSet<string> _wildcards = new(StringComparer.Ordinal);

    /// <summary>The hosts that may differ from those of the set that was built last.</summary>
    private readonly SortedSet<string> _toBuild = new(StringComparer.Ordinal);
    private Dictionary<string, NarrowedHost> _narrowed = new(StringComparer.Ordinal);
    private VirtualHostSet _set = VirtualHostSet.Empty;
    private HostOwners? _owners;

    public string Listener => listener;

    public IEnumerable<Diagnostic> Diagnostics => _slots.Values.SelectMany(s => s.Diagnostics);

    public void Attach(ObjectUnit unit, HostStep step)
    {
        if (!_slots.TryGetValue(step.Domain, out var slot))
        {
            _slots.Add(step.Domain, slot = new HostSlot(listener, step.Domain));
            if (IsWildcard(step.Domain))
                _wildcards.Add(step.Domain);
        }
        slot.Steps.Add((unit, step));
        _changed.Add(step.Domain);
    }

    public void Detach(ObjectUnit unit, string domain)
    {
        _slots[domain].Steps.RemoveAll(s => s.Unit == unit);
        _changed.Add(domain);
    }

    /// <summary>Decides the hosts whose claims have changed. It is called once all claims are added.</summary>
    public void Finish()
    {
        if (_changed.Count == 0)
            return;
        // A wider host is decided before those that depend on it.
        var isWildcardChanged = false;
        foreach (var domain in (IEnumerable<string>)[.. _changed.Where(d => d == "*"), .. WildcardsToFinish()])
        {
            isWildcardChanged = true;
            Finish(domain);
        }
        if (isWildcardChanged)
            _changed.UnionWith(_slots.Values.Where(s => s.DependsOnWider).Select(s => s.Domain));
        foreach (var domain in _changed.Where(d => !IsWildcard(d)))
            Finish(domain);
        _changed.Clear();
    }

    /// <summary>
    /// Returns the virtual hosts. Hosts that have not changed are the same objects as before, and so is the set if none has changed.
    /// </summary>
    public VirtualHostSet Build(HostOwners owners)
    {
        if (_toBuild.Count > 0 || !ReferenceEquals(owners, _owners))
            Narrow(owners);
        _owners = owners;
        if (_toBuild.Count > 0)
            _set = VirtualHostSet.OfSorted(WithChanges());
        _toBuild.Clear();
        return _set;
    }

    /// <summary>Returns the hosts of the last set, updated with those that have changed, in the order of their domains.</summary>
    private ImmutableArray<VirtualHost> WithChanges()
    {
        var hosts = ImmutableArray.CreateBuilder<VirtualHost>(_set.All.Length + _toBuild.Count);
        var (known, at) = (_set.All, 0);
        foreach (var domain in _toBuild)
        {
            var from = at;
            while (at < known.Length && string.CompareOrdinal(known[at].Domain, domain) < 0)
                at++;
            hosts.AddRange(known.AsSpan()[from..at]);
            if (at < known.Length && known[at].Domain == domain)
                at++;
            if (_slots.TryGetValue(domain, out var slot) && slot.Exists)
                hosts.Add(slot.Host);
            else if (_narrowed.TryGetValue(domain, out var narrowed))
                hosts.Add(narrowed.Host);
        }
        hosts.AddRange(known.AsSpan()[at..]);
        return hosts.DrainToImmutable();
    }

    /// <summary>
    /// Keeps an owned host that this listener does not have from being served by the owner of a wider one. The host gets a virtual host of
    /// its own, with those paths of the wider one that belong to the host's owner or have its consent.
    /// </summary>
    private void Narrow(HostOwners owners)
    {
        var former = _narrowed;
        _narrowed = new Dictionary<string, NarrowedHost>(StringComparer.Ordinal);
        // Former hosts are built again, unless they turn out to be the same below.
        _toBuild.UnionWith(former.Keys);
        if (!_wildcards.Any(d => _slots[d].Exists))
            return;
        // Wildcards are first, because a name under one is limited to the paths that are left of it.
        foreach (var host in (IEnumerable<string>)[.. owners.Owned.Keys.Where(IsWildcard), .. owners.Owned.Keys.Where(h => !IsWildcard(h))])
        {
            if (PathsOf(host) is not null || Wider(host, PathsOf) is not { } wider)
                continue;
            var permitted = wider.Where(e => owners.MayServe(e.Value.Subject.Namespace, host)).ToDictionary();
            if (permitted.Count == wider.Count)
                continue;
            var isSame = former.TryGetValue(host, out var before) && HostSlot.AreSame(before.Paths, permitted);
            _narrowed.Add(host, isSame ? before! : new NarrowedHost(permitted, HostSlot.HostOf(host, permitted.Values)));
            if (isSame)
                _toBuild.Remove(host);
            else
                _toBuild.Add(host);
        }
    }

    private IEnumerable<string> WildcardsToFinish() => _changed.Contains("*")
        ? _wildcards.Where(d => d != "*")
        : _changed.Where(d => IsWildcard(d));

    private void Finish(string domain)
    {
        var slot = _slots[domain];
        _toBuild.Add(domain);
        if (slot.Steps.Count > 0)
        {
            slot.Finish(Wider(domain, OwnPathsOf) is not null);
            return;
        }
        _slots.Remove(domain);
        _wildcards.Remove(domain);
    }

    private static Dictionary<PathMatch, PathClaim>? Wider(string host, Func<string, Dictionary<PathMatch, PathClaim>?> pathsOf)
    {
        var dot = host.IndexOf('.', StringComparison.Ordinal);
        return (dot > 0 && !IsWildcard(host) ? pathsOf("*" + host[dot..]) : null) ?? (host == "*" ? null : pathsOf("*"));
    }

    private Dictionary<PathMatch, PathClaim>? OwnPathsOf(string host) =>
        _slots.TryGetValue(host, out var slot) && slot.Exists ? slot.Paths : null;

    private Dictionary<PathMatch, PathClaim>? PathsOf(string host) => OwnPathsOf(host) ?? _narrowed.GetValueOrDefault(host)?.Paths;

    private static bool IsWildcard(string host) => host.StartsWith('*');

    /// <summary>A virtual host that exists only to keep a wider one from serving its host.</summary>
    private sealed record NarrowedHost(Dictionary<PathMatch, PathClaim> Paths, VirtualHost Host);
}

/// <summary>The statements of objects about one host of a listener, and their outcome.</summary>
internal sealed class HostSlot(string listener, string domain)
{
    private VirtualHost? _host;

    public string Domain => domain;

    /// <summary>The statements about the host, in no particular order of the objects.</summary>
    public List<(ObjectUnit Unit, HostStep Step)> Steps { get; } = [];

    /// <summary>Whether the listener has the host.</summary>
    public bool Exists { get; private set; }

    /// <summary>The claims that hold.</summary>
    public Dictionary<PathMatch, PathClaim> Paths { get; private set; } = [];

    /// <summary>Whether the host exists only if there is a wider one.</summary>
    public bool DependsOnWider { get; private set; }

    public ImmutableArray<Diagnostic> Diagnostics { get; private set; } = [];

    /// <summary>The host as part of a table.</summary>
    public VirtualHost Host => _host ??= HostOf(domain, Paths.Values);

    public static VirtualHost HostOf(string domain, IEnumerable<PathClaim> claims) => new(domain, [.. claims.Select(c => c.ToEntry())]);

    public static bool AreSame(Dictionary<PathMatch, PathClaim> left, Dictionary<PathMatch, PathClaim> right) =>
        left.Count == right.Count && left.All(l => right.TryGetValue(l.Key, out var claim) && ReferenceEquals(l.Value, claim));

    /// <summary>Decides which claims hold.</summary>
    /// <param name="hasWider">Whether the listener has a wider host, which would get the requests for this one.</param>
    public void Finish(bool hasWider)
    {
        var diagnostics = ImmutableArray.CreateBuilder<Diagnostic>();
        var paths = new Dictionary<PathMatch, PathClaim>();
        HostStep? settled = null;
        IReadOnlyList<(ObjectUnit Unit, HostStep Step)> inOrder = Steps.Count == 1 ? Steps : [.. Steps.OrderBy(s => s.Unit.Order)];
        foreach (var (_, step) in inOrder)
        {
            if (step.Claim is { Yields: false } claim && !paths.TryAdd(claim.Path, claim))
                diagnostics.Add(Taken(claim, paths[claim.Path].Origin));
            else if (step.Claim is null)
                settled ??= step;
        }
        foreach (var (_, step) in inOrder)
        {
            if (step.Claim is { Yields: true } yielding)
                paths.TryAdd(yielding.Path, yielding);
        }
        var exists = inOrder.Any(s => s.Step.Claim is not null);
        var dependsOnWider = false;
        if (settled?.Closing is { } closing)
        {
            if (paths.GetValueOrDefault(PathMatch.Any) is { IsFallback: true } fallback && fallback.Subject != closing.Subject)
            {
                paths.Remove(PathMatch.Any);
                diagnostics.Add(Displaced(fallback, closing));
            }
            dependsOnWider = !exists && closing.Rest is null;
            if (closing.Rest is { } rest)
                paths.TryAdd(rest.Path, rest);
            exists |= closing.Rest is not null || hasWider;
        }
        (Exists, Paths, DependsOnWider, Diagnostics, _host) = (exists, paths, dependsOnWider, diagnostics.ToImmutable(), null);
    }

    /// <summary>
    /// Returns the diagnostic about a path that is already taken. Both objects are of one namespace, because the namespace that has a path
    /// was decided before.
    /// </summary>
    private Diagnostic Taken(PathClaim claim, RouteOrigin by) => new(
        claim.Subject,
        DiagnosticSeverity.Error,
        DiagnosticReasons.HostPathTaken,
        $"{claim.Origin.Field}: host {domain}, path {claim.Path} on {listener} is taken by {by.Kind} {by}, which is older or comes first");

    private Diagnostic Displaced(PathClaim fallback, HostClosing closing)
    {
        var (subject, by) = (fallback.Subject, closing.Subject);
        string Text(string whose) =>
            $"{fallback.Origin.Field}: on {listener} it gets no request for host {domain}, because {whose} {closing.Because}"
            + (closing.Rest is null ? "" : ", so that what no path takes is redirected to HTTPS");
        var full = Text(ObjectWords.Of(by));
        var ours = by.Namespace == subject.Namespace;
        var message = ours ? full : Text(ObjectWords.OfAnotherNamespace(by.Kind));
        return new Diagnostic(subject, DiagnosticSeverity.Warning, DiagnosticReasons.NoEffect, message)
        {
            AdminMessage = ours ? null : full,
        };
    }
}
