using System.Collections.Immutable;
using Turnpike.Api.Ingresses;
using Turnpike.Api.RouteRules;
using Turnpike.Compiler.Backends;
using Turnpike.Compiler.FrontEnds;
using Turnpike.Compiler.FrontEnds.Ingress;
using Turnpike.Compiler.Hosts;
using Turnpike.Compiler.Limits;
using Turnpike.Compiler.Model;
using Turnpike.Compiler.Rules;
using Turnpike.Compiler.Tables;
using Turnpike.Routing;

namespace Turnpike.Compiler.Incremental;

/// <summary>
/// The state that is kept from one compilation to the next. It serves snapshots that differ only in their Ingresses, RouteRules, endpoints,
/// pods, certificates and records of hosts. Any other difference needs a new state.
/// </summary>
internal sealed class CompilationState
{
    private readonly ClusterSnapshot _first;
    private readonly ImmutableHashSet<string> _authorities;
    private readonly Unit.Recorder _recorder = new();
    private readonly DiagnosticBag _diagnostics;
    private readonly NamespaceBudget _budget;
    private readonly BackendIndex _backends;
    private readonly RuleIndex _rules;
    private readonly RouteBuilder _routes;
    private readonly OwnerQuestions _questions;
    private readonly TableBuilder _table;
    private readonly Dictionary<string, IFrontEnd> _frontEnds;
    private readonly Dictionary<HostRequest, ObjectUnit> _units = new(ReferenceEqualityComparer.Instance);

    private readonly Remembered<(ImmutableArray<RouteRule> Rules, Unit Said)> _permittedRules = new();
    private readonly Remembered<(ImmutableArray<IngressObject> Ingresses, Unit Said)> _permittedIngresses = new();
    private readonly Remembered<ImmutableHashSet<string>> _namedAuthorities = new();
    private readonly Remembered<HostOwners> _owners = new();
    private readonly Remembered<(CertificateBuilder Builder, Unit Said)> _certificates = new();
    private readonly Remembered<ImmutableArray<Certificate>> _builtCertificates = new();
    private readonly Remembered<ImmutableArray<Diagnostic>> _refusals = new();
    private readonly Remembered<Outcome> _outcome = new();
    private readonly Remembered<ImmutableArray<Diagnostic>> _said = new();
    private readonly Remembered<RouteTable> _built = new();
    private ImmutableArray<RouteRule> _rulesBefore;
    private ImmutableArray<IngressObject> _ingressesBefore;
    private HostOwners? _ownersBefore;
    private object _objectsState = new();
    private long _round;

    /// <param name="snapshot">The first snapshot that is compiled.</param>
    /// <param name="enforceLimits">
    /// Whether the limits of namespaces are applied, in the order of the objects. If not, everything is granted, and a compilation in which
    /// a namespace is beyond its limits returns null.
    /// </param>
    public CompilationState(ClusterSnapshot snapshot, bool enforceLimits)
    {
        (_first, _authorities) = (snapshot, BackendAuthorities.Named(snapshot));
        _diagnostics = new DiagnosticBag(_recorder);
        _budget = new NamespaceBudget(snapshot.Mesh.NamespaceLimits.EffectiveTableBytes, enforceLimits, _recorder);
        _backends = new BackendIndex(snapshot, _budget, _recorder);
        _rules = new RuleIndex(snapshot, TableAudience.OfIngress(snapshot.Profile), _backends, _diagnostics, _recorder);
        _routes = new RouteBuilder(snapshot.Mesh, _backends, _rules, _budget, _diagnostics, _recorder);
        _questions = new OwnerQuestions(_recorder);
        _table = new TableBuilder(IngressListeners.All, _questions, _budget, _diagnostics, _recorder);
        IFrontEnd[] frontEnds =
        [
            new IngressFrontEnd(snapshot, _questions, _table, new IngressBackends(_backends, _routes, _diagnostics), _budget, _diagnostics),
        ];
        _frontEnds = frontEnds.ToDictionary(f => f.Kind, StringComparer.Ordinal);
    }

    /// <summary>Returns true when a snapshot differs from the first one only in ways that this state follows.</summary>
    public bool Serves(ClusterSnapshot snapshot) =>
        ReferenceEquals(snapshot.Mesh, _first.Mesh)
        && ReferenceEquals(snapshot.Profile, _first.Profile)
        && snapshot.DefaultEndpointAddresses == _first.DefaultEndpointAddresses
        && snapshot.DefaultHttpsRedirectPort == _first.DefaultHttpsRedirectPort
        && snapshot.IngressClasses == _first.IngressClasses
        && Identity.AreSame(snapshot.Services, _first.Services)
        && Identity.AreSame(snapshot.Namespaces, _first.Namespaces)
        && Identity.AreSame(snapshot.Authorities, _first.Authorities)
        && (ReferenceEquals(snapshot.AuthoritiesLookedFor, _first.AuthoritiesLookedFor)
            || (snapshot.AuthoritiesLookedFor is { } looked && _first.AuthoritiesLookedFor is { } before && looked.SetEquals(before)))
        && _namedAuthorities.Get(() => BackendAuthorities.Named(snapshot), Identity.Of(snapshot.Ingresses)).SetEquals(_authorities);

    /// <summary>
    /// Returns the table and the diagnostics; null when a namespace is beyond its limits and the limits are not enforced.
    /// </summary>
    public Compilation? Compile(ClusterSnapshot snapshot)
    {
        var owners = Update(snapshot);
        if (IsBeyondLimits())
            return null;
        var clusters = _backends.Build();
        var listeners = _table.Build();
        var (certificates, _) = CertificatesOf(snapshot, owners);
        var built = _builtCertificates.Get(certificates.Build, certificates);
        var table = _built.Get(
            () => new RouteTable { Listeners = listeners, Clusters = clusters, Certificates = built, Settings = SettingsOf(snapshot) },
            Identity.Of(listeners),
            clusters,
            Identity.Of(built));
        return new Compilation(table, Diagnostics(snapshot, owners, withEndpoints: true), owners);
    }

    /// <summary>
    /// Returns the diagnostics without a table; null when a namespace is beyond its limits and the limits are not enforced.
    /// </summary>
    /// <param name="snapshot">The snapshot that is compiled.</param>
    /// <param name="withEndpoints">
    /// Whether clusters are made. Without them the diagnostics about addresses that are left out are missing.
    /// </param>
    public Diagnosis? Diagnose(ClusterSnapshot snapshot, bool withEndpoints)
    {
        var owners = Update(snapshot);
        if (IsBeyondLimits())
            return null;
        if (withEndpoints)
            _backends.Build();
        return new Diagnosis(Diagnostics(snapshot, owners, withEndpoints), owners);
    }

    /// <summary>Compiles the objects that a change concerns, and returns the owners of the hosts.</summary>
    private HostOwners Update(ClusterSnapshot snapshot)
    {
        var rules = PermittedRules(snapshot).Rules;
        var ingresses = PermittedIngresses(snapshot).Ingresses;
        snapshot = snapshot with { RouteRules = rules, Ingresses = ingresses };
        _backends.Update(snapshot);
        var owners = _owners.Get(
            () => HostOwners.Of(snapshot, _ownersBefore),
            Identity.Of(ingresses),
            Identity.Of(snapshot.InvalidIngresses),
            Identity.Of(snapshot.TlsSecrets),
            snapshot.HostClaims);
        if (rules == _rulesBefore && ingresses == _ingressesBefore && owners == _ownersBefore)
            return owners;
        if (rules != _rulesBefore)
        {
            _rules.Update(rules);
            _routes.Update();
        }
        if (ingresses != _ingressesBefore)
        {
            foreach (var frontEnd in _frontEnds.Values)
                frontEnd.Update(snapshot);
        }
        _questions.Owners = owners;
        CompileObjects(owners);
        (_rulesBefore, _ingressesBefore, _ownersBefore, _objectsState) = (rules, ingresses, owners, new object());
        return owners;
    }

    private void CompileObjects(HostOwners owners)
    {
        _round++;
        for (var order = 0; order < owners.Requests.Length; order++)
        {
            var request = owners.Requests[order];
            var former = _units.GetValueOrDefault(request);
            if (former is not null && IsCurrent(former))
            {
                (former.Order, former.Round) = (order, _round);
                continue;
            }
            var unit = new ObjectUnit(request) { Order = order, Round = _round, Said = _recorder.Record(() => Claim(request)) };
            if (former is not null)
                Detach(former);
            _units[request] = unit;
            Attach(unit);
        }
        if (_units.Count > owners.Requests.Length)
        {
            foreach (var (request, unit) in _units)
            {
                if (unit.Round == _round)
                    continue;
                _units.Remove(request);
                Detach(unit);
            }
        }
        _table.Finish();
        _routes.Release();
    }

    private bool IsCurrent(ObjectUnit unit)
    {
        foreach (var (list, _) in unit.Said.Lists)
        {
            if (!list.IsCurrent)
                return false;
        }
        return ReferenceEquals(_questions.Owners, _ownersBefore) || _questions.AreAnsweredAlike(unit.Said.Answers);
    }

    private void Claim(HostRequest request)
    {
        try
        {
            _frontEnds[request.Subject.Kind].Claim(request);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // This is a fault of the compiler and affects one object. The table is as if that object did not exist.
            var (subject, kind) = (request.Subject, request.Subject.Kind);
            _diagnostics.Error(subject, DiagnosticReasons.Invalid, $"the {kind} cannot be compiled and is left out: {e.Message}");
        }
    }

    private void Attach(ObjectUnit unit)
    {
        _table.Attach(unit);
        foreach (var (list, path) in unit.Said.Lists)
            list.Add(path);
    }

    private void Detach(ObjectUnit unit)
    {
        _table.Detach(unit);
        foreach (var (list, path) in unit.Said.Lists)
            list.Remove(path);
    }

    private (ImmutableArray<RouteRule> Rules, Unit Said) PermittedRules(ClusterSnapshot snapshot) => _permittedRules.Get(
        () =>
        {
            var permitted = snapshot.RouteRules;
            var said = _recorder.Record(() => permitted = NamespaceUsage.Enforce(permitted, snapshot.Mesh.NamespaceLimits, _diagnostics));
            return (permitted, said);
        },
        Identity.Of(snapshot.RouteRules));

    private (ImmutableArray<IngressObject> Ingresses, Unit Said) PermittedIngresses(ClusterSnapshot snapshot) => _permittedIngresses.Get(
        () =>
        {
            var permitted = snapshot.Ingresses;
            var said = _recorder.Record(() => permitted = NamespaceUsage.Enforce(snapshot, _diagnostics));
            return (permitted, said);
        },
        Identity.Of(snapshot.Ingresses));

    private (CertificateBuilder Builder, Unit Said) CertificatesOf(ClusterSnapshot snapshot, HostOwners owners) => _certificates.Get(
        () =>
        {
            var certificates = new CertificateBuilder(snapshot, owners, _diagnostics);
            return (certificates, _recorder.Record(() => certificates.Add(owners.Requests)));
        },
        owners,
        Identity.Of(snapshot.TlsSecrets));

    private static ProxySettings SettingsOf(ClusterSnapshot snapshot) => new()
    {
        TrustedCidrs = snapshot.Mesh.TrustedCidrs,
        DrainDuration = snapshot.Mesh.DrainDuration,
        BodyIdleTimeout = snapshot.Mesh.BodyIdleTimeout,
        Limits = snapshot.Mesh.CircuitLimits,
    };

    private bool IsBeyondLimits()
    {
        if (_budget.IsEnforced)
            return false;
        var spent = new Dictionary<string, long>(_outcome.Get(Collect, _objectsState).Spent, StringComparer.Ordinal);
        _backends.Charge(spent);
        return spent.Values.Any(bytes => bytes > _budget.Limit);
    }

    /// <summary>Collects the diagnostics and the spending of the objects and their lists of routes, without the cost of clusters.</summary>
    private Outcome Collect()
    {
        var spent = new Dictionary<string, long>(StringComparer.Ordinal);
        var said = new List<Diagnostic>();
        foreach (var unit in _units.Values.Select(u => u.Said).Concat(_routes.Lists.Select(l => l.Said)))
        {
            said.AddRange(unit.Diagnostics);
            foreach (var (ns, bytes) in unit.Spent)
                spent[ns] = spent.GetValueOrDefault(ns) + bytes;
        }
        said.AddRange(_rules.Diagnostics);
        said.AddRange(_table.Diagnostics);
        said.AddRange(_routes.Unreachable());
        return new Outcome(spent, said);
    }

    private ImmutableArray<Diagnostic> Diagnostics(ClusterSnapshot snapshot, HostOwners owners, bool withEndpoints)
    {
        var refusals = _refusals.Get(() => Refusals(owners), owners);
        var (rules, ingresses) = (PermittedRules(snapshot).Said, PermittedIngresses(snapshot).Said);
        var certificates = CertificatesOf(snapshot, owners).Said;
        var of = _outcome.Get(Collect, _objectsState);
        var all = _said.Get(
            () => InOrder([.. of.Said, .. rules.Diagnostics, .. ingresses.Diagnostics, .. certificates.Diagnostics, .. refusals]),
            of,
            rules,
            ingresses,
            certificates,
            Identity.Of(refusals));
        return withEndpoints && _backends.RefusedAddresses() is { IsEmpty: false } refused ? InOrder([.. all, .. refused]) : all;
    }

    /// <summary>Sorts the diagnostics and removes duplicates, since several hosts or paths may cause the same one.</summary>
    private static ImmutableArray<Diagnostic> InOrder(ImmutableArray<Diagnostic> diagnostics) =>
        diagnostics.IsEmpty ? [] : [.. new SortedSet<Diagnostic>(diagnostics, Comparer<Diagnostic>.Create(Diagnostic.Compare))];

    private static ImmutableArray<Diagnostic> Refusals(HostOwners owners)
    {
        var refusals = ImmutableArray.CreateBuilder<Diagnostic>();
        foreach (var request in owners.Requests)
        {
            foreach (var refusal in owners.Refusals(request))
            {
                refusals.Add(new Diagnostic(request.Subject, DiagnosticSeverity.Error, DiagnosticReasons.HostNotPermitted, refusal.Message)
                {
                    AdminMessage = refusal.AdminMessage,
                });
            }
        }
        return refusals.ToImmutable();
    }

    /// <summary>The spending and the diagnostics of all units together.</summary>
    private sealed record Outcome(IReadOnlyDictionary<string, long> Spent, IReadOnlyList<Diagnostic> Said);
}
