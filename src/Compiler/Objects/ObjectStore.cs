using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Api.Core;
using Turnpike.Api.Ingresses;
using Turnpike.Api.Mesh;
using Turnpike.Api.RouteRules;
using Turnpike.Compiler.Hosts;
using Turnpike.Reading;

namespace Turnpike.Compiler;

/// <summary>
/// The current objects of a cluster or a directory, as raw JSON comes in. Keeps the last good version of an object whose new
/// version is not valid, so that a bad edit never takes anything out of force. Not thread-safe.
/// </summary>
/// <param name="profile">Of the installation that the objects are read for; that of 2017 by default.</param>
public sealed class ObjectStore(Profile? profile = null)
{
    private readonly Profile _profile = profile ?? Profile.Istio2017;
    private readonly SortedDictionary<ObjectKey, Entry> _entries = [];

    public IEnumerable<ObjectKey> Keys => _entries.Keys;

    /// <summary>Whether an object says anything about routing, by its kind and API group.</summary>
    public static bool Reads(JsonObject raw) => ObjectReaders.For(raw) is not null;

    /// <summary>Takes in a new object or a new version of one. Where the new version has a fault, the last good version stays.</summary>
    /// <param name="key">Kind, namespace (empty for cluster-scoped kinds) and name.</param>
    /// <param name="read">The object, of that kind and name.</param>
    public void Put(ObjectKey key, ReadObject read)
    {
        var before = _entries.GetValueOrDefault(key);
        _entries[key] = new Entry(read.Errors.Count > 0 ? before?.Value : read.Value, AuthorityInForce(read.Authority, before?.Authority), read);
    }

    public bool Remove(ObjectKey key) => _entries.Remove(key);

    /// <summary>The valid objects, and a diagnostic for everything that is wrong with the others.</summary>
    public (ClusterSnapshot Snapshot, ImmutableArray<Diagnostic> Diagnostics) Snapshot()
    {
        var classes = All<IngressClassObject>(Kinds.IngressClass);
        var mesh = _entries.GetValueOrDefault(MeshKey)?.Value as MeshConfig ?? MeshConfig.Of(_profile);
        var records = All<HostRecord>(Kinds.ConfigMap);
        var snapshot = new ClusterSnapshot
        {
            Profile = _profile,
            HostRecords = records,
            HostClaims = HostClaims.Of(records),
            Mesh = mesh,
            IngressClasses = classes,
            Ingresses = All<IngressObject>(Kinds.Ingress),
            InvalidIngresses = [.. _entries.Values.Where(e => e.Value is null).Select(e => e.Read.Class).OfType<IngressObject>()],
            RouteRules = All<RouteRule>(Kinds.RouteRule),
            Services = All<ServiceObject>(Kinds.Service),
            Endpoints = [.. All<EndpointsObject>(Kinds.Endpoints), .. All<EndpointsObject>(Kinds.EndpointSlice)],
            Pods = All<PodObject>(Kinds.Pod),
            TlsSecrets = All<TlsSecretObject>(Kinds.Secret),
            Authorities =
            [
                .. _entries.Where(e => e.Key.Kind is Kinds.Secret or Kinds.AuthoritySecret).Select(e => e.Value.Authority).OfType<AuthorityObject>()
                    .DistinctBy(a => a.Metadata.ToString()),
            ],
            Namespaces = All<NamespaceObject>(Kinds.Namespace),
        };
        return (snapshot, Diagnose(mesh, classes));
    }

    /// <summary>The newest version of every object of a kind, valid or not.</summary>
    public ImmutableArray<ObjectMeta> Newest(string kind) => [.. _entries.Where(e => e.Key.Kind == kind).Select(e => e.Value.Read.Metadata)];

    /// <summary>The mesh configuration: a ConfigMap of the system namespace.</summary>
    public ObjectKey MeshKey => new(Kinds.ConfigMap, _profile.SystemNamespace, _profile.MeshConfigMap);

    private ImmutableArray<Diagnostic> Diagnose(MeshConfig mesh, ImmutableArray<IngressClassObject> classes)
    {
        var diagnostics = ImmutableArray.CreateBuilder<Diagnostic>();
        foreach (var (key, entry) in _entries)
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

    private ImmutableArray<T> All<T>(string kind)
        where T : class =>
        [.. _entries.Where(e => e.Key.Kind == kind).Select(e => e.Value.Value).OfType<T>()];

    /// <summary>A version without usable certificates does not replace one that has them, and says that it is there.</summary>
    private static AuthorityObject? AuthorityInForce(AuthorityObject? now, AuthorityObject? before) =>
        now is { Fault: not null } && before is { Pem.Length: > 0 } ? now with { Pem = before.Pem } : now;

    /// <param name="Value">The object that is used: of this version, or of the last good one.</param>
    /// <param name="Authority">The same, of a Secret as an authority.</param>
    private sealed record Entry(object? Value, AuthorityObject? Authority, ReadObject Read);
}
