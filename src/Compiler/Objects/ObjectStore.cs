using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Api.Core;
using Turnpike.Api.Ingresses;
using Turnpike.Api.Mesh;
using Turnpike.Api.RouteRules;
using Turnpike.Compiler.Hosts;
using Turnpike.Compiler.Incremental;
using Turnpike.Reading;

namespace Turnpike.Compiler;

/// <summary>
/// Holds the current objects of a cluster or a directory. It keeps the last good version of an object whose new version is not valid, so
/// that a bad edit never removes anything from the table. Two snapshots share the arrays of all kinds that have not changed in between. Not
/// thread-safe.
/// </summary>
/// <param name="profile">The profile of the installation; that of 2017 by default.</param>
public sealed class ObjectStore(Profile? profile = null)
{
    private readonly Profile _profile = profile ?? Profile.Istio2017;
    private readonly MeshConfig _defaultMesh = MeshConfig.Of(profile ?? Profile.Istio2017);
    private readonly SortedDictionary<string, KindTable> _kinds = new(StringComparer.Ordinal);

    /// <summary>The objects with errors or warnings.</summary>
    private readonly SortedDictionary<ObjectKey, StoredObject> _noted = [];
    private readonly Remembered<HostClaims> _claims = new();
    private readonly Remembered<ImmutableArray<IngressObject>> _invalidIngresses = new();
    private readonly Remembered<ImmutableArray<EndpointsObject>> _endpoints = new();
    private readonly Remembered<ImmutableArray<AuthorityObject>> _authorities = new();
    private readonly Remembered<ImmutableArray<Diagnostic>> _diagnostics = new();
    private object _notedState = new();

    public IEnumerable<ObjectKey> Keys => _kinds.Values.SelectMany(k => k.Keys);

    /// <summary>Returns true when an object concerns routing, by its kind and API group.</summary>
    public static bool Reads(JsonObject raw) => ObjectReaders.For(raw) is not null;

    /// <summary>Puts a new object or a new version of one. When the new version has an error, the last good version stays in use.</summary>
    /// <param name="key">Kind, namespace (empty for cluster-scoped kinds) and name.</param>
    /// <param name="read">The object, of that kind and name.</param>
    public void Put(ObjectKey key, ReadObject read)
    {
        var table = Kind(key.Kind);
        var before = table.Find(key);
        var value = read.Errors.Count > 0 ? before?.Value : read.Value;
        var stored = new StoredObject(value, EffectiveAuthority(read.Authority, before?.Authority), read);
        table.Put(key, stored);
        var isNoted = read.Errors.Count + read.Warnings.Count > 0;
        if (isNoted)
            _noted[key] = stored;
        if (isNoted || _noted.Remove(key))
            _notedState = new object();
    }

    public bool Remove(ObjectKey key)
    {
        if (_noted.Remove(key))
            _notedState = new object();
        return Kind(key.Kind).Remove(key);
    }

    /// <summary>Returns the valid objects, and the diagnostics for errors and warnings of all objects.</summary>
    public (ClusterSnapshot Snapshot, ImmutableArray<Diagnostic> Diagnostics) Snapshot()
    {
        var classes = All<IngressClassObject>(Kinds.IngressClass);
        var mesh = Kind(Kinds.ConfigMap).Find(MeshKey)?.Value as MeshConfig ?? _defaultMesh;
        var records = All<HostRecord>(Kinds.ConfigMap);
        var (endpoints, slices) = (All<EndpointsObject>(Kinds.Endpoints), All<EndpointsObject>(Kinds.EndpointSlice));
        var snapshot = new ClusterSnapshot
        {
            Profile = _profile,
            HostRecords = records,
            HostClaims = _claims.Get(() => HostClaims.Of(records), Identity.Of(records)),
            Mesh = mesh,
            IngressClasses = classes,
            Ingresses = All<IngressObject>(Kinds.Ingress),
            InvalidIngresses = _invalidIngresses.Get(InvalidIngresses, Kind(Kinds.Ingress).State),
            RouteRules = All<RouteRule>(Kinds.RouteRule),
            Services = All<ServiceObject>(Kinds.Service),
            Endpoints = _endpoints.Get(() => [.. endpoints, .. slices], Identity.Of(endpoints), Identity.Of(slices)),
            Pods = All<PodObject>(Kinds.Pod),
            TlsSecrets = All<TlsSecretObject>(Kinds.Secret),
            Authorities = _authorities.Get(Authorities, Kind(Kinds.AuthoritySecret).State, Kind(Kinds.Secret).State),
            Namespaces = All<NamespaceObject>(Kinds.Namespace),
        };
        return (snapshot, _diagnostics.Get(() => Diagnose(mesh, classes), _notedState, mesh, Identity.Of(classes)));
    }

    /// <summary>Returns the metadata of the newest version of every object of a kind, valid or not.</summary>
    public ImmutableArray<ObjectMeta> Newest(string kind) => Kind(kind).Newest;

    /// <summary>The key of the mesh configuration, which is a ConfigMap of the system namespace.</summary>
    public ObjectKey MeshKey => new(Kinds.ConfigMap, _profile.SystemNamespace, _profile.MeshConfigMap);

    private ImmutableArray<Diagnostic> Diagnose(MeshConfig mesh, ImmutableArray<IngressClassObject> classes)
    {
        var diagnostics = ImmutableArray.CreateBuilder<Diagnostic>();
        foreach (var (key, entry) in _noted)
        {
            if (entry.Read.Class is { } ingressClass && !IngressClasses.IsOurs(ingressClass, mesh, classes))
                continue;
            var kept = entry.Read.Errors.Count > 0 && entry.Value is not null ? " (its last good version stays in force)" : "";
            foreach (var error in entry.Read.Errors)
                diagnostics.Add(new Diagnostic(key, DiagnosticSeverity.Error, DiagnosticReasons.Invalid, error + kept));
            foreach (var warning in entry.Read.Warnings)
                diagnostics.Add(new Diagnostic(key, DiagnosticSeverity.Warning, DiagnosticReasons.NoEffect, warning));
        }
        return diagnostics.ToImmutable();
    }

    private ImmutableArray<IngressObject> InvalidIngresses() =>
        [.. Kind(Kinds.Ingress).Objects.Where(e => e.Value is null).Select(e => e.Read.Class).OfType<IngressObject>()];

    private ImmutableArray<AuthorityObject> Authorities() =>
    [
        .. Kind(Kinds.AuthoritySecret).Objects.Concat(Kind(Kinds.Secret).Objects).Select(e => e.Authority).OfType<AuthorityObject>()
            .DistinctBy(a => a.Metadata.ToString()),
    ];

    private KindTable Kind(string kind)
    {
        if (!_kinds.TryGetValue(kind, out var table))
            _kinds.Add(kind, table = new KindTable());
        return table;
    }

    private ImmutableArray<T> All<T>(string kind)
        where T : class => Kind(kind).Values<T>();

    /// <summary>
    /// Returns the authority that is used. A version without usable certificates keeps those of the version before, and its fault is
    /// reported.
    /// </summary>
    private static AuthorityObject? EffectiveAuthority(AuthorityObject? now, AuthorityObject? before) =>
        now is { Fault: not null } && before is { Pem.Length: > 0 } ? now with { Pem = before.Pem } : now;
}
