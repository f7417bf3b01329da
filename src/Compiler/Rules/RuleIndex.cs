using System.Collections.Immutable;
using Turnpike.Api;
using Turnpike.Api.Core;
using Turnpike.Api.RouteRules;
using Turnpike.Compiler.Backends;
using Turnpike.Compiler.Incremental;

namespace Turnpike.Compiler.Rules;

/// <summary>
/// The RouteRules that govern each service for an audience, in the order of istio-2017.md §3.2. Follows the rules from snapshot to
/// snapshot; services and namespaces stay.
/// </summary>
internal sealed class RuleIndex
{
    private readonly ClusterSnapshot _snapshot;
    private readonly BackendIndex _backends;
    private readonly DiagnosticBag _diagnostics;
    private readonly Unit.Recorder _recorder;
    private readonly Dictionary<string, NamespaceObject> _namespaces;
    private readonly RuleSource _source;
    private Dictionary<RouteRule, (ServiceObject? Service, Unit Said)> _governed = new(ReferenceEqualityComparer.Instance);
    private Dictionary<ServiceObject, RulesOfService> _byService = new(ReferenceEqualityComparer.Instance);

    /// <param name="snapshot">The cluster.</param>
    /// <param name="audience">Whom the table is for: what its proxies send is the source of the requests.</param>
    /// <param name="backends">The services of the cluster.</param>
    /// <param name="diagnostics">Takes what is said of rules.</param>
    /// <param name="recorder">Keeps what is said of each rule.</param>
    public RuleIndex(
        ClusterSnapshot snapshot, TableAudience audience, BackendIndex backends, DiagnosticBag diagnostics, Unit.Recorder recorder)
    {
        (_snapshot, _backends, _diagnostics, _recorder) = (snapshot, backends, diagnostics, recorder);
        _source = RuleSource.Of(audience, snapshot);
        _namespaces = snapshot.Namespaces.ToDictionary(n => n.Metadata.Name, StringComparer.Ordinal);
    }

    /// <summary>What is to be said of the rules.</summary>
    public IEnumerable<Diagnostic> Diagnostics => _governed.Values.SelectMany(g => g.Said.Diagnostics);

    /// <summary>Goes on to other rules. Services whose rules are the same keep their array.</summary>
    public void Update(ImmutableArray<RouteRule> rules)
    {
        var governed = new Dictionary<RouteRule, (ServiceObject? Service, Unit Said)>(rules.Length, ReferenceEqualityComparer.Instance);
        var lists = new Dictionary<ServiceObject, List<RouteRule>>(ReferenceEqualityComparer.Instance);
        foreach (var rule in rules)
        {
            if (!_governed.TryGetValue(rule, out var known))
            {
                ServiceObject? found = null;
                var said = _recorder.Record(() => found = Governed(rule, _diagnostics));
                known = (found, said);
            }
            governed.Add(rule, known);
            if (known.Service is not { } service)
                continue;
            if (!lists.TryGetValue(service, out var list))
                lists.Add(service, list = []);
            list.Add(rule);
        }
        var byService = new Dictionary<ServiceObject, RulesOfService>(lists.Count, ReferenceEqualityComparer.Instance);
        foreach (var (service, list) in lists)
        {
            var before = _byService.GetValueOrDefault(service);
            byService.Add(service, before is not null && before.AsFound.SequenceEqual(list, ReferenceEqualityComparer.Instance) ? before : new(list));
        }
        (_governed, _byService) = (governed, byService);
    }

    public ImmutableArray<RouteRule> For(ServiceObject service) => _byService.GetValueOrDefault(service)?.InOrder ?? [];

    /// <summary>The full host name that a reference in <paramref name="rule"/> stands for (istio-2017.md §3.1).</summary>
    public string HostOf(IstioService reference, RouteRule rule)
    {
        if (reference.Service is { Length: > 0 } service)
            return service;
        var ns = reference.Namespace is { Length: > 0 } written ? written : rule.Metadata.Namespace;
        var domain = reference.Domain is { Length: > 0 } suffix ? suffix : $"svc.{_snapshot.Mesh.Domain}";
        return $"{reference.Name}.{ns}.{domain}";
    }

    /// <summary>Whether rules of namespace <paramref name="ruleNamespace"/> may reach into namespace <paramref name="target"/>.</summary>
    public bool Permits(string target, string ruleNamespace)
    {
        if (target == ruleNamespace || _snapshot.Mesh.AllowCrossNamespaceRules)
            return true;
        return NamespaceNames.Contain(_namespaces.GetValueOrDefault(target)?.Metadata.Annotations.GetValueOrDefault(Names.AllowRulesFromAnnotation), ruleNamespace);
    }

    /// <summary>
    /// The service that a rule refers to; null, and a diagnostic, where there is none for it. Of a namespace that does not admit the rule it says the same
    /// whether the service is there or not.
    /// </summary>
    /// <param name="missing">Reports that there is no such service.</param>
    public ServiceObject? Find(RouteRule rule, string path, string host, DiagnosticBag diagnostics, Action<string> missing)
    {
        if (NamespaceOf(host) is { } ns && !Permits(ns, rule.Metadata.Namespace))
        {
            diagnostics.Error(Keys.Of(rule), DiagnosticReasons.NotPermitted, NotPermittedMessage(path, host, ns, rule.Metadata.Namespace));
            return null;
        }
        var service = _backends.FindByHost(host);
        if (service is null)
            missing($"{path}: no service has the host {host}");
        return service;
    }

    /// <summary>The namespace in the host name of a service, whether or not there is one; null for other names.</summary>
    private string? NamespaceOf(string host)
    {
        var suffix = $".svc.{_snapshot.Mesh.Domain}";
        return host.EndsWith(suffix, StringComparison.OrdinalIgnoreCase) && host[..^suffix.Length].Split('.') is [_, var ns] ? ns.ToLowerInvariant() : null;
    }

    private static string NotPermittedMessage(string path, string host, string target, string ruleNamespace) =>
        $"{path}: {host} belongs to namespace {target}, which does not admit rules of namespace {ruleNamespace}; "
        + $"annotate namespace {target} with {Names.AllowRulesFromAnnotation}: {ruleNamespace}";

    private ServiceObject? Governed(RouteRule rule, DiagnosticBag diagnostics)
    {
        if (!Applies(rule))
            return null;
        var host = HostOf(rule.Spec.Destination!, rule);
        return Find(rule, "spec.destination", host, diagnostics, missing => diagnostics.Warn(Keys.Of(rule), DiagnosticReasons.DestinationNotFound, $"{missing}, so the rule has no effect yet"));
    }

    /// <summary>Returns true when a rule takes requests of the audience: it names no source, or that of the audience.</summary>
    public bool Applies(RouteRule rule) =>
        rule.Spec.Match?.Source is not { } source || _source.Is(HostOf(source, rule), source.Labels);

    private sealed class RulesOfService(List<RouteRule> asFound)
    {
        public List<RouteRule> AsFound => asFound;

        public ImmutableArray<RouteRule> InOrder { get; } =
            [.. asFound.OrderByDescending(r => r.Spec.Precedence ?? 0).ThenBy(r => r.Metadata.ToString(), StringComparer.Ordinal)];
    }
}
