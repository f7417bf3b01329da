using System.Collections.Immutable;
using Turnpike.Api;
using Turnpike.Api.Core;
using Turnpike.Api.RouteRules;
using Turnpike.Compiler.Backends;
using Turnpike.Compiler.Incremental;

namespace Turnpike.Compiler.Rules;

/// <summary>
/// The RouteRules that govern each service for an audience, in the order of istio-2017.md §3.2. The rules are updated from snapshot to
/// snapshot; services and namespaces stay the same.
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
    /// <param name="audience">The audience of the table. The requests that its proxies send have it as their source.</param>
    /// <param name="backends">The services of the cluster.</param>
    /// <param name="diagnostics">Gets the diagnostics about rules.</param>
    /// <param name="recorder">Records the diagnostics of each rule.</param>
    public RuleIndex(
        ClusterSnapshot snapshot, TableAudience audience, BackendIndex backends, DiagnosticBag diagnostics, Unit.Recorder recorder)
    {
        (_snapshot, _backends, _diagnostics, _recorder) = (snapshot, backends, diagnostics, recorder);
        _source = RuleSource.Of(audience, snapshot);
        _namespaces = snapshot.Namespaces.ToDictionary(n => n.Metadata.Name, StringComparer.Ordinal);
    }

    /// <summary>The diagnostics about the rules.</summary>
    public IEnumerable<Diagnostic> Diagnostics => _governed.Values.SelectMany(g => g.Said.Diagnostics);

    /// <summary>Replaces the rules. A service whose rules have not changed keeps its array.</summary>
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

    /// <summary>Returns the full host name that a reference in <paramref name="rule"/> stands for (istio-2017.md §3.1).</summary>
    public string HostOf(IstioService reference, RouteRule rule)
    {
        if (reference.Service is { Length: > 0 } service)
            return service;
        var ns = reference.Namespace is { Length: > 0 } written ? written : rule.Metadata.Namespace;
        var domain = reference.Domain is { Length: > 0 } suffix ? suffix : $"svc.{_snapshot.Mesh.Domain}";
        return $"{reference.Name}.{ns}.{domain}";
    }

    /// <summary>
    /// Returns true when rules of namespace <paramref name="ruleNamespace"/> may refer to services of namespace <paramref name="target"/>.
    /// </summary>
    public bool Permits(string target, string ruleNamespace)
    {
        if (target == ruleNamespace || _snapshot.Mesh.AllowCrossNamespaceRules)
            return true;
        return NamespaceNames.Contain(_namespaces.GetValueOrDefault(target)?.Metadata.Annotations.GetValueOrDefault(Names.AllowRulesFromAnnotation), ruleNamespace);
    }

    /// <summary>
    /// Returns the service that a rule refers to; null, with a diagnostic, when there is none. If the service's namespace does not admit
    /// the rule, the diagnostic is the same whether the service exists or not.
    /// </summary>
    /// <param name="missing">Called with a message when there is no such service.</param>
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

    /// <summary>Returns the namespace in the host name of a service, whether or not it exists; null for other names.</summary>
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

    /// <summary>Returns true when a rule applies to requests of the audience: it names no source, or that of the audience.</summary>
    public bool Applies(RouteRule rule) =>
        rule.Spec.Match?.Source is not { } source || _source.Is(HostOf(source, rule), source.Labels);

    private sealed class RulesOfService(List<RouteRule> asFound)
    {
        public List<RouteRule> AsFound => asFound;

        public ImmutableArray<RouteRule> InOrder { get; } =
            [.. asFound.OrderByDescending(r => r.Spec.Precedence ?? 0).ThenBy(r => r.Metadata.ToString(), StringComparer.Ordinal)];
    }
}
