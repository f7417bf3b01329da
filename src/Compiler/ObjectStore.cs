using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Api.Core;
using Turnpike.Api.Ingresses;
using Turnpike.Api.Mesh;
using Turnpike.Api.RouteRules;

namespace Turnpike.Compiler;

/// <summary>
/// The current objects of a cluster or a directory, as raw JSON comes in. Keeps the last good version of an object whose new
/// version is not valid, so that a bad edit never takes anything out of force. Not thread-safe.
/// </summary>
public sealed class ObjectStore
{
    private readonly SortedDictionary<ObjectKey, Entry> _entries = [];

    public IEnumerable<ObjectKey> Keys => _entries.Keys;

    /// <summary>Whether an object says anything about routing, by its kind and API group.</summary>
    public static bool Reads(JsonObject raw) => ObjectReaders.For(raw) is not null;

    /// <summary>What is wrong with an object and what in it has no effect, without taking it in.</summary>
    public static (IReadOnlyList<FieldError> Errors, IReadOnlyList<string> Warnings) Check(JsonObject raw)
    {
        var result = ObjectReaders.For(raw)?.Invoke(raw) ?? ReadResult.Nothing;
        return (result.Errors, result.Warnings);
    }

    /// <summary>Takes in a new object or a new version of one.</summary>
    /// <param name="key">Kind, namespace (empty for cluster-scoped kinds) and name, as they stand in <paramref name="raw"/>.</param>
    /// <param name="raw">The object as it came.</param>
    /// <returns>All that is wrong with it; empty where it is valid. The object as it was stays in force if anything is.</returns>
    public IReadOnlyList<FieldError> Put(ObjectKey key, JsonObject raw)
    {
        var (value, errors, warnings) = ObjectReaders.For(raw)?.Invoke(raw) ?? ReadResult.Nothing;
        if (errors.Count > 0)
            value = _entries.GetValueOrDefault(key)?.Value;
        _entries[key] = new Entry(value, ClassOf(key, raw), errors, warnings);
        return errors;
    }

    public bool Remove(ObjectKey key) => _entries.Remove(key);

    /// <summary>The valid objects, and a diagnostic for everything that is wrong with the others.</summary>
    public (ClusterSnapshot Snapshot, ImmutableArray<Diagnostic> Diagnostics) Snapshot()
    {
        var classes = All<IngressClassObject>(Kinds.IngressClass);
        var mesh = _entries.GetValueOrDefault(MeshKey)?.Value as MeshConfig ?? MeshConfig.Default;
        var snapshot = new ClusterSnapshot
        {
            Mesh = mesh,
            IngressClasses = classes,
            Ingresses = All<IngressObject>(Kinds.Ingress),
            RouteRules = All<RouteRule>(Kinds.RouteRule),
            Services = All<ServiceObject>(Kinds.Service),
            Endpoints = [.. All<EndpointsObject>(Kinds.Endpoints), .. All<EndpointsObject>(Kinds.EndpointSlice)],
            Pods = All<PodObject>(Kinds.Pod),
            TlsSecrets = All<TlsSecretObject>(Kinds.Secret),
            Namespaces = All<NamespaceObject>(Kinds.Namespace),
        };
        return (snapshot, Diagnose(mesh, classes));
    }

    /// <summary>The mesh configuration: ConfigMap <c>istio</c> of the system namespace.</summary>
    public static ObjectKey MeshKey { get; } = new(Kinds.ConfigMap, Names.SystemNamespace, Names.MeshConfigMap);

    private ImmutableArray<Diagnostic> Diagnose(MeshConfig mesh, ImmutableArray<IngressClassObject> classes)
    {
        var diagnostics = ImmutableArray.CreateBuilder<Diagnostic>();
        foreach (var (key, entry) in _entries)
        {
            if (entry.Class is { } ingressClass && !IngressClasses.IsOurs(ingressClass, mesh, classes))
                continue;
            var kept = entry.Errors.Count > 0 && entry.Value is not null ? " (its last good version stays in force)" : "";
            foreach (var error in entry.Errors)
                diagnostics.Add(new Diagnostic(key, DiagnosticSeverity.Error, DiagnosticReasons.Invalid, error + kept));
            foreach (var warning in entry.Warnings)
                diagnostics.Add(new Diagnostic(key, DiagnosticSeverity.Warning, DiagnosticReasons.NoEffect, warning));
        }
        return diagnostics.ToImmutable();
    }

    private ImmutableArray<T> All<T>(string kind)
        where T : class =>
        [.. _entries.Where(e => e.Key.Kind == kind).Select(e => e.Value.Value).OfType<T>()];

    /// <summary>Enough of an Ingress to tell its class, however broken the rest of it is.</summary>
    private static IngressObject? ClassOf(ObjectKey key, JsonObject raw) =>
        key.Kind == Kinds.Ingress ? IngressReader.ReadClass(raw) : null;

    private sealed record Entry(object? Value, IngressObject? Class, IReadOnlyList<FieldError> Errors, IReadOnlyList<string> Warnings);
}
