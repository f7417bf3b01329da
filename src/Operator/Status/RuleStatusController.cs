using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Turnpike.Api;
using Turnpike.Compiler;
using Turnpike.Discovery;
using Turnpike.Hosting.Api;
using Turnpike.Hosting.Apply;
using Turnpike.Hosting.Reconcile;
using ObjectKey = Turnpike.Hosting.Api.ObjectKey;

namespace Turnpike.Operator.Status;

/// <summary>Tells on each RouteRule what became of it; after every compilation and every word of a proxy.</summary>
internal sealed class RuleStatusController(
    KubeApi api, DiscoveryStates states, FleetView fleet, ILogger<RuleStatusController> log, TimeProvider clock) : ILeaderTask
{
    private static readonly ResourceRef RouteRules = new(Names.Group, Names.Version, "routerules", Kinds.RouteRule);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);

    public async Task RunAsync(CancellationToken term)
    {
        var writer = new StatusWriter(api, new ServerSideApply(api, Deployed.FieldManager));
        // What was written in this term, so that only changes are.
        var written = new Dictionary<string, (long Generation, JsonArray Conditions)>(StringComparer.Ordinal);
        var history = new TableHistory();
        var sequence = 0L;
        try
        {
            while (true)
            {
                var fleetChanged = fleet.Changed;
                if (states.Current is { } state)
                {
                    if (state.Sequence > sequence)
                        history.Add(state);
                    sequence = state.Sequence;
                    var complete = await WriteAsync(state, history, written, writer, term);
                    if (!complete)
                    {
                        await Task.Delay(Retry, clock, term);
                        continue;
                    }
                }
                await Task.WhenAny(fleetChanged, states.NewerThanAsync(sequence, term));
                term.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (term.IsCancellationRequested)
        {
            // The term is over.
        }
    }

    private async Task<bool> WriteAsync(
        DiscoveryState state, TableHistory history, Dictionary<string, (long Generation, JsonArray Conditions)> written, StatusWriter writer, CancellationToken ct)
    {
        var proxies = fleet.All;
        var diagnostics = state.Diagnostics.Where(d => d.Subject.Kind == Kinds.RouteRule).ToLookup(d => (d.Subject.Namespace, d.Subject.Name));
        foreach (var gone in written.Keys.Except(state.Rules.Select(r => r.Uid)).ToList())
            written.Remove(gone);
        var complete = true;
        foreach (var rule in state.Rules)
        {
            var conditions = RuleConditions.Of([.. diagnostics[(rule.Namespace, rule.Name)]], proxies, proxy => history.Has(proxy.TableVersion, rule));
            var key = new ObjectKey(rule.Namespace, rule.Name);
            try
            {
                var previous = written.TryGetValue(rule.Uid, out var known) ? known.Conditions : await PreviousAsync(key, ct);
                var desired = Condition.ToJson(conditions, previous, rule.Generation, clock.GetUtcNow());
                if (known.Conditions is not null && known.Generation == rule.Generation && JsonNode.DeepEquals(desired, known.Conditions))
                    continue;
                var status = new JsonObject { ["observedGeneration"] = rule.Generation, ["conditions"] = desired.DeepClone() };
                await writer.WriteAsync(RouteRules, key, status, null, ct);
                written[rule.Uid] = (rule.Generation, desired);
            }
            catch (Exception e) when (e is KubeStatusException or HttpRequestException or IOException || (e is OperationCanceledException && !ct.IsCancellationRequested))
            {
                log.StatusNotWritten(key.ToString(), e.Message);
                complete = false;
            }
        }
        return complete;
    }

    private async Task<JsonArray?> PreviousAsync(ObjectKey key, CancellationToken ct) =>
        (await api.FindAsync(RouteRules, key, ct))?.Child("status")?.Child("conditions") is { ValueKind: System.Text.Json.JsonValueKind.Array } conditions
            ? JsonArray.Create(conditions)
            : null;
}
