using System.Collections.Immutable;
using Turnpike.Api;
using Turnpike.Api.Mesh;
using Turnpike.Compiler.FrontEnds;
using Turnpike.Compiler.Model;
using Turnpike.Reading;
using Turnpike.Routing;

namespace Turnpike.Compiler.Hosts;

/// <summary>Why a namespace may not serve a host.</summary>
/// <param name="Field">The field of the object that names the host.</param>
/// <param name="Message">The message that the object's own namespace may read.</param>
/// <param name="AdminMessage">The message with the owner's name; null when there is nothing to add.</param>
public sealed record HostRefusal(string Host, string Field, string Message, string? AdminMessage);

/// <summary>
/// Decides which namespace owns each host. A host belongs to the namespace that named it first, on every listener; The owner of <c>*.x</c>
/// also owns the names below it that had no owner. Other namespaces need the owner's consent. The result is the same on every replica,
/// because the earlier claims are read from objects of the cluster.
/// </summary>
public sealed class HostOwners
{
    private readonly MeshConfig _mesh;
    private readonly Dictionary<string, string> _owners = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ObjectKey> _oldestNamer = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string?> _sharedByNamespace = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Namespace, string Host), List<string>> _sharedByObject = [];
    private readonly PathHolders _paths;

    private HostOwners(ClusterSnapshot snapshot, IEnumerable<HostRequest> requests, HostOwners? before)
    {
        _mesh = snapshot.Mesh;
        var all = HostRequest.ByAge(requests, before?.Requests ?? []);
        Requests = all.All(r => r.IsServed) ? all : [.. all.Where(r => r.IsServed)];
        foreach (var ns in snapshot.Namespaces)
        {
            if (ns.Metadata.Annotations.GetValueOrDefault(Names.ShareHostWithAnnotation) is { } shared)
                _sharedByNamespace[ns.Metadata.Name] = shared;
        }
        if (_mesh.HostOwnership == HostOwnership.Namespace)
            GiveOutHosts(all, snapshot.HostClaims);
        FallbackOwner = FindFallback(snapshot);
        _paths = new PathHolders(this, snapshot.HostClaims);
        var owned = FallbackOwner is null ? _owners : _owners.Append(new(HostClaims.Fallback, FallbackOwner));
        Claims = HostClaims.Of(owned, _paths.ToRemember());
    }

    public static HostOwners Of(ClusterSnapshot snapshot) => Of(snapshot, null);

    /// <summary>Assigns the hosts. The former owners save work, and have no effect on the result.</summary>
    internal static HostOwners Of(ClusterSnapshot snapshot, HostOwners? before) => new(snapshot, FrontEndRequests.Of(snapshot), before);

    /// <summary>The claims that are to be recorded for the next assignment.</summary>
    public HostClaims Claims { get; }

    /// <summary>The requests of the objects that are served, the oldest first.</summary>
    internal ImmutableArray<HostRequest> Requests { get; }

    /// <summary>The namespace whose certificate is used for hosts that have none, when the mesh has no certificate for them.</summary>
    internal string? FallbackOwner { get; }

    internal bool HostsAreOwned => _mesh.HostOwnership == HostOwnership.Namespace;

    /// <summary>The hosts that objects have named, with their owners.</summary>
    internal IReadOnlyDictionary<string, string> Owned => _owners;

    /// <summary>
    /// Returns the namespace that owns a host, by its own name or by the wildcard that covers it; null when the host has no owner.
    /// </summary>
    public string? OwnerOf(string host) => Claim(host)?.Owner;

    /// <summary>Returns true when a namespace may serve a host.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="host">The host in lower case; empty for any host.</param>
    public bool MayServe(string ns, string host) => MayClaim(ns, host) && IsConsented(ns, host);

    /// <summary>Returns true when the certificates of a namespace may be used for a host.</summary>
    internal bool MayCertify(string ns, string host) => MayClaim(ns, host) && (!HostsAreOwned || OwnerOf(host) == ns);

    /// <summary>
    /// Returns true when a namespace has a path of a host. If several namespaces may serve the path, one of them has it, on both ports.
    /// </summary>
    internal bool HasPath(string ns, string host, PathMatch path) => _paths.Has(ns, host, path);

    /// <summary>Returns the kind of the object that holds a path; null when no object has the path.</summary>
    internal string? KindOfHolder(string host, PathMatch path) => _paths.KindOfHolder(host, path);

    /// <summary>
    /// Returns true when a namespace decides about requests for a host that match no path. The host's owner does; for a host without an
    /// owner, the namespace that has the path of every request does.
    /// </summary>
    internal bool HasRest(string ns, string host) => OwnerOf(host) is { } owner ? owner == ns : HasPath(ns, host, PathMatch.Any);

    /// <summary>
    /// Returns all hosts that an object asks for and may not have. The object need not be among those from which the owners were computed.
    /// </summary>
    public ImmutableArray<HostRefusal> Refusals(HostRequest request)
    {
        var ns = request.Subject.Namespace;
        List<HostRefusal>? refusals = null;
        foreach (var (host, field) in request.Hosts)
        {
            if (!MayClaim(ns, host))
                (refusals ??= []).Add(NotForAnyHost(host, field, ns));
            else if (!IsConsented(ns, host))
                (refusals ??= []).Add(Taken(host, field, ns));
        }
        if (!request.AnyHostFields.IsEmpty && !MayClaim(ns, ""))
            (refusals ??= []).AddRange(request.AnyHostFields.Select(field => NotForAnyHost("", field, ns)));
        return refusals is null ? [] : [.. refusals];
    }

    /// <summary>
    /// Assigns the hosts. A namespace that had a host keeps it; a host without a holder goes to the oldest object. Objects are passed in
    /// the order of their age, so that a name older than the wildcard over it stays with its holder.
    /// </summary>
    /// <param name="requests">
    /// The requests, including those of objects that are not valid: a fault, or a rule that a newer version brings, must not cost a
    /// namespace its host.
    /// </param>
    private void GiveOutHosts(ImmutableArray<HostRequest> requests, HostClaims claims)
    {
        var named = requests.SelectMany(r => r.Hosts.Select(n => (n.Host, r.Subject.Namespace))).Distinct().ToList();
        foreach (var (host, ns) in named)
        {
            if (claims.OwnerOf(host) == ns && MayClaim(ns, host))
                _owners[host] = ns;
        }
        foreach (var (host, ns) in named)
        {
            if (MayClaim(ns, host) && (Claim(host) is not { } claim || (claim.Owner == ns && claim.By != host)))
                _owners[host] = ns;
        }
        foreach (var request in requests)
        {
            var ns = request.Subject.Namespace;
            foreach (var (host, _) in request.Hosts)
            {
                if (_owners.GetValueOrDefault(host) != ns)
                    continue;
                _oldestNamer.TryAdd(host, request.Subject);
                if (request.SharedWith is not { } shared)
                    continue;
                if (!_sharedByObject.TryGetValue((ns, host), out var lists))
                    _sharedByObject.Add((ns, host), lists = []);
                lists.Add(shared);
            }
        }
    }

    private string? FindFallback(ClusterSnapshot snapshot)
    {
        var secrets = snapshot.TlsSecrets.Select(s => (s.Metadata.Namespace, s.Metadata.Name)).ToHashSet();
        var able = Requests
            .Where(r => MayClaim(r.Subject.Namespace, "") && r.Certificates.Any(c => c.Hosts.IsEmpty && secrets.Contains((r.Subject.Namespace, c.Secret ?? ""))))
            .Select(r => r.Subject.Namespace)
            .ToList();
        return snapshot.HostClaims.OwnerOf(HostClaims.Fallback) is { } had && able.Contains(had) ? had : able.FirstOrDefault();
    }

    private static bool IsWildcard(string host) => host.Length == 0 || host.StartsWith("*.", StringComparison.Ordinal);

    private bool MayClaim(string ns, string host) => !IsWildcard(host) || NamespaceNames.Contain(_mesh.AnyHostNamespaces, ns);

    private bool IsConsented(string ns, string host)
    {
        if (Claim(host) is not { } claim || claim.Owner == ns)
            return true;
        return NamespaceNames.Contain(_sharedByNamespace.GetValueOrDefault(claim.Owner), ns)
            || (_sharedByObject.TryGetValue((claim.Owner, claim.By), out var lists) && lists.Any(list => NamespaceNames.Contain(list, ns)));
    }

    /// <summary>
    /// Returns the owner of a host, and the name by which it is owned: the host itself or a wildcard. Null when it has no owner.
    /// </summary>
    private (string Owner, string By)? Claim(string host)
    {
        if (_owners.TryGetValue(host, out var owner))
            return (owner, host);
        var dot = host.IndexOf('.', StringComparison.Ordinal);
        if (dot <= 0 || IsWildcard(host))
            return null;
        var wider = "*" + host[dot..];
        return _owners.TryGetValue(wider, out owner) ? (owner, wider) : null;
    }

    private HostRefusal Taken(string host, string field, string ns)
    {
        var (owner, by) = Claim(host)!.Value;
        var how = by == host ? "" : $" by {by}";
        string Text(string whose) => $"{field}: host {host} belongs{how} to {whose}, which does not share it with namespace {ns}; "
            + $"the owner can, by the annotation {Names.ShareHostWithAnnotation}: {ns} on its Ingress or Namespace";
        return new HostRefusal(host, field, Text("another namespace"), Text($"namespace {owner} ({ObjectWords.Of(_oldestNamer[by])})"));
    }

    private static HostRefusal NotForAnyHost(string host, string field, string ns) => new(
        host,
        field,
        $"{field}: namespace {ns} may not serve {(host.Length == 0 ? "any host" : $"the wildcard host {host}")}: the mesh setting anyHostNamespaces does not list it; name the host",
        null);
}
