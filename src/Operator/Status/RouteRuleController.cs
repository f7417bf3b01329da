using System.Text.Json;
using System.Text.Json.Nodes;
using KubeOps.Abstractions.Reconciliation;
using KubeOps.Abstractions.Reconciliation.Controller;
using Turnpike.Webhooks.Entities;

namespace Turnpike.Operator.Status;

/// <summary>Tells on each RouteRule what became of it.</summary>
internal sealed class RouteRuleController(RuleStatuses statuses) : IEntityController<V1Alpha2RouteRule>
{
    // Users wait for a pending rule; a settled one changes with the fleet of proxies or with other objects.
    private static readonly TimeSpan WhilePending = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan WhileSettled = TimeSpan.FromSeconds(2);

    public async Task<ReconciliationResult<V1Alpha2RouteRule>> ReconcileAsync(V1Alpha2RouteRule entity, CancellationToken cancellationToken)
    {
        var progress = await statuses.UpdateAsync(entity.Metadata.Uid ?? "", entity.Metadata.Generation ?? 0, ConditionsOf(entity), cancellationToken);
        return ReconciliationResult<V1Alpha2RouteRule>.Success(entity, progress == RuleProgress.Pending ? WhilePending : WhileSettled);
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
