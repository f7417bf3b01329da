using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Turnpike.Api;
using Turnpike.Compiler;
using Turnpike.Discovery;
using Turnpike.Hosting.Apply;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Reconcile;
using Turnpike.Reading;

namespace Turnpike.Operator.Status;

/// <summary>
/// Writes the status of each RouteRule. Every replica follows the tables. The leader alone writes, when a table, a proxy or another replica
/// changes; nothing is polled.
/// </summary>
internal sealed class RuleStatuses(
    KubeApi api, DiscoveryStates states, FleetView view, ILogger<RuleStatuses> log, TimeProvider clock) : BackgroundService, ILeaderTask
{
    // Proxies acknowledge a table one after the other. Acknowledgements that arrive within this time lead to one write.
    private static readonly TimeSpan Debounce = TimeSpan.FromMilliseconds(20);
    private static readonly ReconcileOptions Options = new() { Workers = 4 };


    private readonly StatusWriter _writer = new(api, new ServerSideApply(api, Deployed.FieldManager));
    private readonly ConcurrentDictionary<string, (long Generation, JsonArray Conditions)> _written = new(StringComparer.Ordinal);
    private readonly TableHistory _history = new();
    private readonly Lock _gate = new();
    private ILookup<(string Namespace, string Name), Diagnostic> _diagnostics = Array.Empty<Diagnostic>().ToLookup(d => ("", ""));
    private Dictionary<string, ObjectMeta> _rules = new(StringComparer.Ordinal);
    private ImmutableDictionary<string, string> _carried = ImmutableDictionary<string, string>.Empty;

    private event Action? TableIsNew;

    /// <summary>Writes statuses for a term.</summary>
    public async Task RunAsync(CancellationToken term)
    {
        // Another leader may have written other conditions since.
        _written.Clear();
        using var queue = new WorkQueue<string>(clock);
        using var trigger = new Trigger(clock);
        void Schedule() => trigger.FireAfter(Debounce);
        Task<TimeSpan?> AddAllAsync(CancellationToken ct)
        {
            foreach (var uid in Rules())
                queue.Add(uid);
            return Task.FromResult(view.UntilChange);
        }
        async Task<TimeSpan?> UpdateAsync(string uid, CancellationToken ct)
        {
            await this.UpdateAsync(uid, ct);
            return null;
        }
        TableIsNew += Schedule;
        view.Changed += Schedule;
        try
        {
            Schedule();
            await Task.WhenAll(
                trigger.RunAsync("rule-news", AddAllAsync, [], log, term),
                new ReconcileLoop<string>("rule-status", queue, UpdateAsync, Options, log, clock).RunAsync([], term));
        }
        finally
        {
            view.Changed -= Schedule;
            TableIsNew -= Schedule;
        }
    }

    /// <summary>Writes the status of a rule if it has changed and is known.</summary>
    private async Task UpdateAsync(string uid, CancellationToken ct)
    {
        ObjectMeta? rule;
        JsonArray? previous;
        IReadOnlyList<StatusCondition> conditions;
        var fleet = view.Current;
        lock (_gate)
        {
            if (!_rules.TryGetValue(uid, out rule))
                return;
            previous = _carried.TryGetValue(uid, out var carried) ? JsonNode.Parse(carried) as JsonArray : null;
            var diagnostics = _diagnostics[(rule.Namespace, rule.Name)].ToList();
            conditions = RuleConditions.Of(diagnostics, fleet, proxy => _history.Has(proxy.TableVersion, rule));
        }
        // A new leader waits until it has heard from the other replicas. The conditions that are there are most likely still right.
        if (!fleet.IsComplete && !conditions.Any(c => c is { Type: "Programmed", IsTrue: false }))
            return;
        var known = _written.GetValueOrDefault(uid);
        var desired = StatusCondition.ToJson(conditions, known.Conditions ?? previous, rule.Generation, clock.GetUtcNow());
        // The conditions on the rule count too, because another writer may have changed them. If they are merely old, the write changes
        // nothing.
        if (known.Generation == rule.Generation && JsonNode.DeepEquals(desired, known.Conditions) && JsonNode.DeepEquals(desired, previous))
            return;
        var status = new JsonObject { ["observedGeneration"] = rule.Generation, ["conditions"] = desired.DeepClone() };
        await _writer.WriteAsync(CustomResources.RouteRules, new NamespacedName(rule.Namespace, rule.Name), status, null, ct);
        _written[uid] = (rule.Generation, desired);
    }

    private List<string> Rules()
    {
        lock (_gate)
        {
            foreach (var gone in _written.Keys.Where(uid => !_rules.ContainsKey(uid)))
                _written.TryRemove(gone, out _);
            return [.. _rules.Keys];
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var state in states.Follow(stoppingToken))
        {
            lock (_gate)
            {
                _history.Add(state);
                _rules = state.Rules.DistinctBy(r => r.Uid).ToDictionary(r => r.Uid, StringComparer.Ordinal);
                _carried = state.RuleConditions;
                _diagnostics = state.Diagnostics
                    .Where(d => d.Subject.Kind == Kinds.RouteRule)
                    .ToLookup(d => (d.Subject.Namespace, d.Subject.Name));
            }
            TableIsNew?.Invoke();
        }
    }
}
