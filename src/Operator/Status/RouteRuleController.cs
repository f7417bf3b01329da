using System.Text.Json;
using System.Text.Json.Nodes;
using KubeOps.Abstractions.Reconciliation;
using KubeOps.Abstractions.Reconciliation.Controller;
using Turnpike.Hosting.Reconcile;
using Turnpike.Webhooks.Entities;

namespace Turnpike.Operator.Status;

/// <summary>Tells on each RouteRule what became of it. Every replica follows the rules, the leader alone writes.</summary>
internal sealed class RouteRuleController(RuleStatuses statuses, LeaderElection election) : IEntityController<V1Alpha2RouteRule>
{
    // Users wait for a pending rule; a settled one changes with the fleet of proxies or with other objects.
    private static readonly TimeSpan WhilePending = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan WhileSettled = TimeSpan.FromSeconds(2);

    public async Task<ReconciliationResult<V1Alpha2RouteRule>> ReconcileAsync(V1Alpha2RouteRule entity, CancellationToken cancellationToken)
    {
        var uid = entity.Metadata.Uid ?? "";
        var term = election.Term;
        if (term.IsCancellationRequested)
        {
            // Whoever leads now may write something else there.
            statuses.Forget(uid);
            return ReconciliationResult<V1Alpha2RouteRule>.Success(entity, WhileSettled);
        }
        using var writing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, term);
        try
        {
            var progress = await statuses.UpdateAsync(uid, entity.Metadata.Generation ?? 0, ConditionsOf(entity), writing.Token);
            return ReconciliationResult<V1Alpha2RouteRule>.Success(entity, progress == RuleProgress.Pending ? WhilePending : WhileSettled);
        }
        catch (OperationCanceledException) when (term.IsCancellationRequested)
        {
            return ReconciliationResult<V1Alpha2RouteRule>.Success(entity, WhileSettled);
        }
    }

    public Task<ReconciliationResult<V1Alpha2RouteRule>> DeletedAsync(V1Alpha2RouteRule entity, CancellationToken cancellationToken)
    {
        statuses.Forget(entity.Metadata.Uid ?? "");
        return Task.FromResult(ReconciliationResult<V1Alpha2RouteRule>.Success(entity));
    }

    private static JsonArray? ConditionsOf(V1Alpha2RouteRule entity) =>
        entity.Status is { ValueKind: JsonValueKind.Object } status && status.TryGetProperty("conditions", out var conditions) && conditions.ValueKind == JsonValueKind.Array
            ? JsonNode.Parse(conditions.GetRawText()) as JsonArray
            : null;
}
