using System.Collections.Immutable;
using Turnpike.Api;
using Turnpike.Api.Core;
using Turnpike.Api.Mesh;
using Turnpike.Api.RouteRules;
using Turnpike.Primitives;
using Turnpike.Routing;

namespace Turnpike.Compiler;

/// <summary>Turns the RouteRules of a backend service into the routes of a path entry (behaviour reference §3.3 to §3.13, §4.6).</summary>
internal sealed class RouteBuilder(MeshConfig mesh, BackendIndex backends, RuleIndex rules, DiagnosticBag diagnostics)
{
    private readonly Dictionary<(ServiceObject, ServicePort), ImmutableArray<Route>> _serviceRoutes = [];
    private readonly Dictionary<string, (int Considered, int Kept, string? Winner)> _reach = new(StringComparer.Ordinal);

    private TimeSpan DefaultTimeout => mesh.DefaultRequestTimeout.Or(ProxyDefaults.RequestTimeout) ?? TimeSpan.Zero;

    /// <summary>The routes of a path whose requests go to a port of a service.</summary>
    public ImmutableArray<Route> RoutesFor(PathMatch path, ServiceObject service, ServicePort port)
    {
        var combined = new List<Route>();
        foreach (var route in ServiceRoutes(service, port))
        {
            if (PathMatch.Intersect(path, route.Path) is { } both)
                combined.Add(route with { Path = both });
        }
        combined.Sort(RouteOrder);
        return Reachable(path, combined);
    }

    /// <summary>The one route of a backend that is not there.</summary>
    public ImmutableArray<Route> RoutesToNowhere(PathMatch path, string ns, string backend) =>
        [new Route { Path = path, Targets = [new WeightedCluster(backends.EmptyCluster(ns, backend), 100)], Timeout = DefaultTimeout }];

    /// <summary>Reports the rules that no request can reach, once all paths are built.</summary>
    public void ReportUnreachable()
    {
        foreach (var (name, (considered, kept, winner)) in _reach)
        {
            if (considered == 0 || kept > 0)
                continue;
            var slash = name.IndexOf('/', StringComparison.Ordinal);
            static string Text(string first) => $"spec.match: no request reaches this rule, because {first} takes the same requests first";
            var ours = winner?.StartsWith(name[..(slash + 1)], StringComparison.Ordinal) != false;
            diagnostics.Warn(
                new(Kinds.RouteRule, name[..slash], name[(slash + 1)..]),
                DiagnosticReasons.NeverReached,
                Text(ours ? $"RouteRule {winner}" : "a RouteRule of another namespace"),
                ours ? null : Text($"RouteRule {winner}"));
        }
    }

    /// <summary>Exact, then longest prefix, then precedence, then number of conditions, then namespace/name; no rule comes last.</summary>
    private static int RouteOrder(Route x, Route y)
    {
        var order = PathOrder.Instance.Compare(x.Path, y.Path);
        if (order == 0)
            order = (x.Rule is null).CompareTo(y.Rule is null);
        if (order == 0)
            order = y.Precedence.CompareTo(x.Precedence);
        if (order == 0)
            order = y.Conditions.Length.CompareTo(x.Conditions.Length);
        return order != 0 ? order : string.CompareOrdinal(x.Rule, y.Rule);
    }

    /// <summary>Leaves out what stands behind a route that takes every request of its path.</summary>
    private ImmutableArray<Route> Reachable(PathMatch path, List<Route> ordered)
    {
        var kept = ImmutableArray.CreateBuilder<Route>(ordered.Count);
        Route? catchAll = null;
        foreach (var route in ordered)
        {
            var hidden = catchAll ?? kept.FirstOrDefault(k => k.Conditions.IsEmpty && k.Path == route.Path);
            if (route.Rule is { } name)
            {
                var reach = _reach.GetValueOrDefault(name);
                _reach[name] = (reach.Considered + 1, reach.Kept + (hidden is null ? 1 : 0), hidden?.Rule ?? reach.Winner);
            }
            if (hidden is not null)
                continue;
            kept.Add(route);
            if (route.Conditions.IsEmpty && route.Path == path)
                catchAll = route;
        }
        return kept.ToImmutable();
    }

    private ImmutableArray<Route> ServiceRoutes(ServiceObject service, ServicePort port)
    {
        if (_serviceRoutes.TryGetValue((service, port), out var known))
            return known;
        var routes = ImmutableArray.CreateBuilder<Route>();
        foreach (var rule in rules.For(service))
        {
            if (Build(rule, service, port) is { } route)
                routes.Add(route);
        }
        routes.Add(new Route
        {
            Path = PathMatch.Any,
            Targets = [new WeightedCluster(backends.ClusterFor(service, port, null), 100)],
            Timeout = DefaultTimeout,
        });
        return _serviceRoutes[(service, port)] = routes.ToImmutable();
    }

    private Route? Build(RouteRule rule, ServiceObject service, ServicePort port)
    {
        var spec = rule.Spec;
        var (path, conditions) = Matches(spec);
        var targets = spec.Redirect is null ? Targets(rule, service, port) : [];
        if (targets is null)
            return null;
        string? mirror = null;
        if (spec.Mirror is { } copy && spec.Redirect is null)
        {
            mirror = TargetCluster(rule, "spec.mirror", copy, copy.Labels, service, port);
            if (mirror is null)
                return null;
        }
        return new Route
        {
            Rule = rule.Metadata.ToString(),
            Precedence = spec.Precedence ?? 0,
            Path = path,
            Conditions = conditions,
            Redirect = spec.Redirect is { } r ? new RedirectAction(301, null, NullIfEmpty(r.Authority), NullIfEmpty(r.Uri)) : null,
            Targets = targets.Value,
            Timeout = spec.HttpReqTimeout?.SimpleTimeout?.Timeout?.TimeSpan ?? DefaultTimeout,
            Retry = spec.HttpReqRetries?.SimpleRetry is { Attempts: > 0 } retry
                ? new RetryPolicy(retry.Attempts.Value, retry.PerTryTimeout?.TimeSpan)
                : null,
            Rewrite = spec.Rewrite is { } rewrite ? new RewriteAction(NullIfEmpty(rewrite.Uri), NullIfEmpty(rewrite.Authority)) : null,
            MirrorCluster = mirror,
            Cors = spec.CorsPolicy is { } cors ? Cors(cors) : null,
            Fault = Fault(spec.HttpFault),
            AppendHeaders = [.. (spec.AppendHeaders ?? ObjectMeta.EmptyMap).Select(h => new HeaderToAppend(h.Key, h.Value))],
            AllowWebSocket = spec.WebsocketUpgrade ?? false,
        };
    }

    /// <summary>What a rule asks of a request.</summary>
    public static (PathMatch Path, ImmutableArray<Condition> Conditions) Matches(RouteRuleSpec spec)
    {
        var path = PathMatch.Any;
        var conditions = ImmutableArray.CreateBuilder<Condition>();
        foreach (var (name, match) in spec.Match?.Request?.Headers ?? ImmutableSortedDictionary<string, StringMatch>.Empty)
        {
            var target = name switch
            {
                "uri" => ConditionTarget.Path,
                "method" => ConditionTarget.Method,
                "scheme" => ConditionTarget.Scheme,
                "authority" => ConditionTarget.Authority,
                _ => ConditionTarget.Header,
            };
            if (target == ConditionTarget.Path && match.Regex is null)
                path = match.Exact is { } exact ? PathMatch.Exact(exact) : PathMatch.Prefix(match.Prefix!);
            else
                conditions.Add(ConditionOf(target, target == ConditionTarget.Header ? name : "", match));
        }
        return (path, conditions.ToImmutable());
    }

    private static Condition ConditionOf(ConditionTarget target, string name, StringMatch match)
    {
        if (match.Regex is { } regex)
            return new Condition(target, name, ConditionKind.Regex, regex);
        var (kind, value) = match.Exact is { } exact ? (ConditionKind.Exact, exact) : (ConditionKind.Prefix, match.Prefix!);
        return value.Length == 0 && (target == ConditionTarget.Header || kind == ConditionKind.Prefix)
            ? new Condition(target, name, ConditionKind.Present, "")
            : new Condition(target, name, kind, value);
    }

    private ImmutableArray<WeightedCluster>? Targets(RouteRule rule, ServiceObject service, ServicePort port)
    {
        if (rule.Spec.Route is not { IsEmpty: false } route)
            return [new WeightedCluster(backends.ClusterFor(service, port, null), 100)];
        var targets = ImmutableArray.CreateBuilder<WeightedCluster>(route.Length);
        for (var i = 0; i < route.Length; i++)
        {
            var target = route[i];
            var labels = target.Labels is { IsEmpty: false } ? target.Labels : target.Destination?.Labels;
            var cluster = TargetCluster(rule, $"spec.route[{i}].destination", target.Destination, labels, service, port);
            if (cluster is null)
                return null;
            // A single target takes everything, whatever its weight; beside others, weight 0 takes nothing.
            var weight = route.Length == 1 ? 100 : target.Weight ?? 0;
            if (weight > 0)
                targets.Add(new WeightedCluster(cluster, weight));
        }
        return targets.ToImmutable();
    }

    /// <summary>The cluster of a target, which has the port of the rule's own service; null, and a diagnostic, where there is none.</summary>
    private string? TargetCluster(
        RouteRule rule, string path, IstioService? target, ImmutableSortedDictionary<string, string>? labels, ServiceObject service, ServicePort port)
    {
        if (target is null)
            return backends.ClusterFor(service, port, labels);
        var host = rules.HostOf(target, rule);
        if (rules.Find(rule, path, host, diagnostics, missing => diagnostics.Error(Keys.Of(rule), DiagnosticReasons.DestinationNotFound, $"{missing}, so the rule is left out")) is not { } other)
            return null;
        var same = other.Ports.FirstOrDefault(p => p.Port == port.Port)
            ?? other.Ports.FirstOrDefault(p => p.Name.Length > 0 && p.Name == port.Name);
        if (same is null)
        {
            diagnostics.Error(Keys.Of(rule), DiagnosticReasons.DestinationNotFound, $"{path}: service {other.Metadata} has no port {port.Port}{(port.Name.Length > 0 ? $" or \"{port.Name}\"" : "")}, so the rule is left out");
            return null;
        }
        return backends.ClusterFor(other, same, labels);
    }

    private static CorsAction Cors(CorsPolicy cors) => new(
        cors.AllowOrigin ?? [], cors.AllowMethods ?? [], cors.AllowHeaders ?? [], cors.ExposeHeaders ?? [], cors.MaxAge?.TimeSpan, cors.AllowCredentials ?? false);

    private static FaultAction? Fault(HttpFaultInjection? fault)
    {
        var delay = fault?.Delay?.FixedDelay?.TimeSpan ?? TimeSpan.Zero;
        var status = fault?.Abort?.HttpStatus ?? 0;
        var delayPercent = delay > TimeSpan.Zero ? fault!.Delay!.Percent ?? 100 : 0;
        // 200 to 599 are the statuses that a proxy can answer with by itself.
        var abortPercent = status is >= 200 and <= 599 ? fault!.Abort!.Percent ?? 100 : 0;
        return delayPercent > 0 || abortPercent > 0
            ? new FaultAction(delayPercent, delayPercent > 0 ? delay : TimeSpan.Zero, abortPercent, abortPercent > 0 ? status : 0)
            : null;
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
