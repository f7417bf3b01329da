using System.Collections.Immutable;
using System.Globalization;
using Turnpike.Api;
using Turnpike.Api.Mesh;
using Turnpike.Api.RouteRules;
using Turnpike.Compiler.Backends;
using Turnpike.Compiler.Incremental;
using Turnpike.Compiler.Limits;
using Turnpike.Compiler.Model;
using Turnpike.Primitives;
using Turnpike.Reading;
using Turnpike.Routing;

namespace Turnpike.Compiler.Rules;

/// <summary>Turns the RouteRules of a backend service into the routes of one of its ports (istio-2017.md §3.3 to §3.13, §4.6).</summary>
internal sealed class RouteBuilder(
    MeshConfig mesh, BackendIndex backends, RuleIndex rules, NamespaceBudget budget, DiagnosticBag diagnostics, Unit.Recorder recorder)
{
    private readonly Dictionary<string, RouteListUnit> _lists = new(StringComparer.Ordinal);
    private readonly List<RouteListUnit> _stale = [];

    /// <summary>The lists of routes to which paths lead.</summary>
    public IEnumerable<RouteListUnit> Lists => _lists.Values;

    /// <summary>The default for routes whose rule does not specify it.</summary>
    private bool AllowsWebSockets => mesh.WebSockets == WebSockets.Allow;

    private TimeSpan DefaultTimeout => mesh.DefaultRequestTimeout.Or(ProxyDefaults.RequestTimeout) ?? TimeSpan.Zero;

    /// <summary>
    /// Returns the routes for a path whose requests go to a backend; null when the namespace has no room for them in the table.
    /// </summary>
    /// <param name="path">The path.</param>
    /// <param name="backend">The backend that gets the requests of the path.</param>
    /// <param name="overTls">Whether any request of these routes, or a copy of one, goes to endpoints that speak TLS.</param>
    /// <param name="excess">The reason why there are no routes; null when there are.</param>
    public RouteSet? RoutesFor(PathMatch path, Backend backend, out bool overTls, out string? excess)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{backend.Service.Metadata}:{backend.Port.Port}{backend.Options.OfList}");
        if (!_lists.TryGetValue(name, out var list))
        {
            list = new RouteListUnit(backend.Service, rules.For(backend.Service));
            list.Said = recorder.Record(() => (list.Set, list.Excess) = (Build(name, backend, out var why), why));
            list.IsOverTls = list.Set?.All.Any(LeadsToTls) == true;
            _lists.Add(name, list);
            BackendIndex.Use(list.Said);
        }
        (overTls, excess) = (list.IsOverTls, list.Excess);
        if (list.Set is not null)
            recorder.Add(list, path);
        return list.Set;
    }

    /// <summary>Returns the single route of a backend that does not exist.</summary>
    public RouteSet RoutesToNowhere(PathMatch path, string ns, string backend)
    {
        var name = $"{ns}/{backend} (no backend)";
        if (!_lists.TryGetValue(name, out var list))
        {
            list = new RouteListUnit(null, []);
            list.Said = recorder.Record(() => list.Set = Nowhere(name, backends.EmptyCluster(ns, backend)));
            _lists.Add(name, list);
            BackendIndex.Use(list.Said);
        }
        recorder.Add(list, path);
        return list.Set!;
    }

    /// <summary>Takes in the current rules. A list whose rules have changed is made again the next time it is requested.</summary>
    public void Update()
    {
        foreach (var (name, list) in _lists)
        {
            if (list.Service is not { } service || rules.For(service) == list.Rules)
                continue;
            _lists.Remove(name);
            list.IsCurrent = false;
            _stale.Add(list);
        }
    }

    /// <summary>Removes the lists to which no path leads any more. It is called once all objects are compiled.</summary>
    public void Release()
    {
        foreach (var (name, list) in _lists)
        {
            if (list.Paths.Count > 0)
                continue;
            _lists.Remove(name);
            list.IsCurrent = false;
            _stale.Add(list);
        }
        foreach (var list in _stale)
            backends.Release(list.Said);
        _stale.Clear();
    }

    /// <summary>Returns a warning for each rule that no request can reach. It is called once all paths are built.</summary>
    public IEnumerable<Diagnostic> Unreachable()
    {
        var hidden = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (rule, winner) in _lists.Values.SelectMany(l => l.Reach()))
        {
            if (winner is not null && (!hidden.TryGetValue(rule, out var other) || string.CompareOrdinal(winner, other) < 0))
                hidden[rule] = winner;
        }
        if (hidden.Count == 0)
            yield break;
        // A rule that is reached at one port counts as reached.
        foreach (var (rule, _) in _lists.Values.SelectMany(l => l.Reach()).Where(r => r.Winner is null))
            hidden.Remove(rule);
        foreach (var (rule, winner) in hidden)
        {
            var slash = rule.IndexOf('/', StringComparison.Ordinal);
            static string Text(string first) => $"spec.match: no request reaches this rule, because {first} takes the same requests first";
            var ours = winner.StartsWith(rule[..(slash + 1)], StringComparison.Ordinal);
            yield return new Diagnostic(
                new(Kinds.RouteRule, rule[..slash], rule[(slash + 1)..]),
                DiagnosticSeverity.Warning,
                DiagnosticReasons.NeverReached,
                Text(ours ? $"RouteRule {winner}" : "a RouteRule of another namespace"))
            {
                AdminMessage = ours ? null : Text($"RouteRule {winner}"),
            };
        }
    }

    private RouteSet Nowhere(string name, string cluster) => new(
        name,
        [
            new Route
            {
                Path = PathMatch.Any,
                Targets = [new WeightedCluster(cluster, 100)],
                Timeout = DefaultTimeout,
                AllowWebSocket = AllowsWebSockets,
            },
        ]);

    /// <summary>
    /// Compares by precedence, then by the number of conditions, then by namespace/name. A route without a rule comes last. When a request
    /// is matched, the path takes precedence over this order.
    /// </summary>
    private static int RouteOrder(Route x, Route y)
    {
        var order = (x.Rule is null).CompareTo(y.Rule is null);
        if (order == 0)
            order = y.Precedence.CompareTo(x.Precedence);
        if (order == 0)
            order = y.Conditions.Length.CompareTo(x.Conditions.Length);
        return order != 0 ? order : string.CompareOrdinal(x.Rule, y.Rule);
    }

    private RouteSet? Build(string name, Backend backend, out string? excess)
    {
        var ns = backend.Service.Metadata.Namespace;
        if (backends.ClusterFor(backend, null, ns, out excess) is not { } cluster)
            return null;
        var routes = new List<Route>
        {
            new() { Path = PathMatch.Any, Targets = [new WeightedCluster(cluster, 100)], Timeout = DefaultTimeout, AllowWebSocket = AllowsWebSockets },
        };
        // The oldest rule is first, so that the newest one is left out when there is no room.
        foreach (var rule in NamespaceUsage.ByAge(rules.For(backend.Service), r => r.Metadata))
        {
            try
            {
                if (Build(rule, backend) is not { } route)
                    continue;
                if (budget.Spend(ns, NamespaceBudget.OfRule(rule)) is { } full)
                    LeaveOut(rule, full);
                else
                    routes.Add(route);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // This is a fault of the compiler and affects one rule. The table is as if that rule did not exist.
                diagnostics.Error(Keys.Of(rule), DiagnosticReasons.Invalid, $"the rule cannot be compiled and is left out: {e.Message}");
            }
        }
        routes.Sort(RouteOrder);
        return new RouteSet(name, [.. routes]);
    }

    private bool LeadsToTls(Route route) =>
        route.Targets.Any(t => backends.SpeaksTls(t.Cluster)) || (route.MirrorCluster is { } mirror && backends.SpeaksTls(mirror));

    private void LeaveOut(RouteRule rule, string excess) =>
        diagnostics.Error(Keys.Of(rule), DiagnosticReasons.LimitExceeded, $"{excess}; the rule is left out");

    private Route? Build(RouteRule rule, Backend backend)
    {
        var spec = rule.Spec;
        var (path, conditions) = Matches(spec);
        var targets = spec.Redirect is null ? Targets(rule, backend) : [];
        if (targets is null)
            return null;
        string? mirror = null;
        if (spec.Mirror is { } copy && spec.Redirect is null)
        {
            mirror = TargetCluster(rule, "spec.mirror", copy, copy.Labels, backend);
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
            AllowWebSocket = spec.WebsocketUpgrade ?? (AllowsWebSockets && spec.Redirect is null),
        };
    }

    /// <summary>Returns the path and the conditions that a rule requires of a request.</summary>
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

    private ImmutableArray<WeightedCluster>? Targets(RouteRule rule, Backend backend)
    {
        if (rule.Spec.Route is not { IsEmpty: false } route)
            return Cluster(rule, backend, null) is { } only ? [new WeightedCluster(only, 100)] : null;
        var targets = ImmutableArray.CreateBuilder<WeightedCluster>(route.Length);
        for (var i = 0; i < route.Length; i++)
        {
            var target = route[i];
            // A single target gets all requests, whatever its weight. Beside others, a target of weight 0 gets none.
            var weight = route.Length == 1 ? 100 : target.Weight ?? 0;
            var labels = target.Labels is { IsEmpty: false } ? target.Labels : target.Destination?.Labels;
            var cluster = TargetCluster(rule, $"spec.route[{i}].destination", target.Destination, labels, backend);
            if (cluster is null)
                return null;
            if (weight > 0)
                targets.Add(new WeightedCluster(cluster, weight));
        }
        return targets.ToImmutable();
    }

    /// <summary>
    /// Returns the cluster of a target; null, with a diagnostic, when there is none. The target has the same port as the rule's own
    /// service, and the Ingress's settings for its backends apply to it.
    /// </summary>
    private string? TargetCluster(
        RouteRule rule, string path, IstioService? target, ImmutableSortedDictionary<string, string>? labels, Backend backend)
    {
        if (target is null)
            return Cluster(rule, backend, labels);
        var port = backend.Port;
        var host = rules.HostOf(target, rule);
        if (rules.Find(rule, path, host, diagnostics, missing => diagnostics.Error(Keys.Of(rule), DiagnosticReasons.DestinationNotFound, $"{missing}, so the rule is left out")) is not { } other)
            return null;
        var same = other.Ports.FirstOrDefault(p => p.Port == port.Port && PortProtocol.IsTcp(p))
            ?? other.Ports.FirstOrDefault(p => p.Name.Length > 0 && p.Name == port.Name && PortProtocol.IsTcp(p));
        if (same is null)
        {
            diagnostics.Error(Keys.Of(rule), DiagnosticReasons.DestinationNotFound, $"{path}: service {other.Metadata} has no port {port.Port}{(port.Name.Length > 0 ? $" or \"{port.Name}\"" : "")}, so the rule is left out");
            return null;
        }
        var destination = backend with { Service = other, Port = same };
        if (destination is { Protocol.Tls: true, Options.Authority: null } && other != backend.Service)
            diagnostics.Warn(Keys.Of(rule), DiagnosticReasons.BackendNotVerified, $"{path}: {destination.NotVerified}");
        return Cluster(rule, destination, labels);
    }

    private string? Cluster(RouteRule rule, Backend backend, ImmutableSortedDictionary<string, string>? labels)
    {
        var cluster = backends.ClusterFor(backend, labels, rule.Metadata.Namespace, out var excess);
        if (cluster is null)
            LeaveOut(rule, excess!);
        return cluster;
    }

    private static CorsAction Cors(CorsPolicy cors) => new(
        cors.AllowOrigin ?? [], cors.AllowMethods ?? [], cors.AllowHeaders ?? [], cors.ExposeHeaders ?? [], cors.MaxAge?.TimeSpan, cors.AllowCredentials ?? false);

    private static FaultAction? Fault(HttpFaultInjection? fault)
    {
        var delay = fault?.Delay?.FixedDelay?.TimeSpan ?? TimeSpan.Zero;
        var status = fault?.Abort?.HttpStatus ?? 0;
        var delayPercent = delay > TimeSpan.Zero ? fault!.Delay!.Percent ?? 100 : 0;
        // A proxy can send the statuses 200 to 599 in a local reply.
        var abortPercent = status is >= 200 and <= 599 ? fault!.Abort!.Percent ?? 100 : 0;
        return delayPercent > 0 || abortPercent > 0
            ? new FaultAction(delayPercent, delayPercent > 0 ? delay : TimeSpan.Zero, abortPercent, abortPercent > 0 ? status : 0)
            : null;
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
