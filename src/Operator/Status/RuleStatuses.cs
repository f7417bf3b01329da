using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Hosting;
using Turnpike.Api;
using Turnpike.Compiler;
using Turnpike.Discovery;
using Turnpike.Hosting.Api;
using Turnpike.Hosting.Apply;
using ObjectKey = Turnpike.Hosting.Api.ObjectKey;

namespace Turnpike.Operator.Status;

/// <summary>How far a rule has come.</summary>
internal enum RuleProgress
{
    /// <summary>Not compiled yet, or not yet in force everywhere.</summary>
    Pending,

    /// <summary>Nothing is to be expected until something changes.</summary>
    Settled,
}

/// <summary>Follows every compilation, and knows what is to be said of a rule. Writes what has changed.</summary>
internal sealed class RuleStatuses(KubeApi api, DiscoveryStates states, FleetView view, TimeProvider clock) : BackgroundService
{
    private static readonly ResourceRef RouteRules = new(Names.Group, Names.Version, "routerules", Kinds.RouteRule);

    private readonly StatusWriter _writer = new(api, new ServerSideApply(api, Deployed.FieldManager));
    private readonly ConcurrentDictionary<string, (long Generation, JsonArray Conditions)> _written = new(StringComparer.Ordinal);
    private readonly TableHistory _history = new();
    private readonly Lock _gate = new();
    private ILookup<(string Namespace, string Name), Diagnostic> _diagnostics = Array.Empty<Diagnostic>().ToLookup(d => ("", ""));
    private Dictionary<(string Uid, long Generation), ObjectMeta> _rules = [];

    /// <summary>Brings the status of a rule in line.</summary>
    /// <param name="uid">Of the rule.</param>
    /// <param name="generation">The version to speak of.</param>
    /// <param name="previous">The conditions that the rule carries, or null.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<RuleProgress> UpdateAsync(string uid, long generation, JsonArray? previous, CancellationToken ct)
    {
        ObjectMeta? rule;
        IReadOnlyList<Condition> conditions;
        var fleet = view.Current;
        lock (_gate)
        {
            if (!_rules.TryGetValue((uid, generation), out rule))
                return RuleProgress.Pending;
            conditions = RuleConditions.Of([.. _diagnostics[(rule.Namespace, rule.Name)]], fleet, proxy => _history.Has(proxy.TableVersion, rule));
        }
        // Whoever takes over says nothing until the other replicas had their moment: what is said already mostly still holds.
        if (!fleet.IsComplete && !conditions.Any(c => c is { Type: "Programmed", IsTrue: false }))
            return RuleProgress.Pending;
        var progress = conditions.Any(c => c is { Type: "Programmed", Reason: "Pending" }) ? RuleProgress.Pending : RuleProgress.Settled;
        var known = _written.GetValueOrDefault(uid);
        var desired = Condition.ToJson(conditions, known.Conditions ?? previous, generation, clock.GetUtcNow());
        // What the rule carries counts too: somebody else may have written there. Where that is merely old, the write changes nothing.
        if (known.Generation == generation && JsonNode.DeepEquals(desired, known.Conditions) && JsonNode.DeepEquals(desired, previous))
            return progress;
        var status = new JsonObject { ["observedGeneration"] = generation, ["conditions"] = desired.DeepClone() };
        await _writer.WriteAsync(RouteRules, new ObjectKey(rule.Namespace, rule.Name), status, null, ct);
        _written[uid] = (generation, desired);
        return progress;
    }

    public void Forget(string uid) => _written.TryRemove(uid, out _);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var state in states.Follow(stoppingToken))
        {
            lock (_gate)
            {
                _history.Add(state);
                _rules = state.Rules.DistinctBy(r => r.Uid).ToDictionary(r => (r.Uid, r.Generation));
                _diagnostics = state.Diagnostics.Where(d => d.Subject.Kind == Kinds.RouteRule).ToLookup(d => (d.Subject.Namespace, d.Subject.Name));
            }
        }
    }
}
