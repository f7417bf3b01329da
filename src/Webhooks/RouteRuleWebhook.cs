using System.Text.Json;
using KubeOps.Operator.Web.Webhooks.Admission.Validation;
using Turnpike.Api;
using Turnpike.Api.RouteRules;
using Turnpike.Compiler;
using Turnpike.Compiler.Limits;
using Turnpike.Discovery;
using Turnpike.Webhooks.Entities;

namespace Turnpike.Webhooks;

/// <summary>Refuses RouteRules that are not valid, with every fault; warns of what has no effect. Deleting always passes.</summary>
[ValidationWebhook(typeof(V1Alpha2RouteRule))]
public sealed class RouteRuleWebhook(DiscoveryStates states) : ValidationWebhook<V1Alpha2RouteRule>
{
    // Not 422: of that kubectl shows "The request is invalid" and none of the faults.
    private const int BadRequest = 400;

    /// <inheritdoc/>
    public override ValidationResult Create(V1Alpha2RouteRule entity, bool dryRun) => Review(entity);

    /// <inheritdoc/>
    public override ValidationResult Update(V1Alpha2RouteRule oldEntity, V1Alpha2RouteRule newEntity, bool dryRun) =>
        // What got in before a rule was there must not be stuck.
        newEntity.Metadata.DeletionTimestamp is not null || SameSpec(oldEntity.Spec, newEntity.Spec) ? Success() : Review(newEntity);

    private ValidationResult Review(V1Alpha2RouteRule entity)
    {
        var decoded = RouteRuleReader.Read(entity.ToRaw());
        if (decoded.Value is not { } rule)
            return Refuse(decoded.Errors);
        return states.Current is { } state && NamespaceUsage.Refusal(state.Snapshot, rule) is { } excess
            ? Refuse([excess])
            : Success([.. decoded.Warnings, .. InTheCluster(rule)]);

        ValidationResult Refuse(IReadOnlyList<FieldError> errors) =>
            Fail(ObjectReview.Refusal(RouteRuleReader.Kind, entity.Metadata.Name ?? "", errors), BadRequest);
    }

    /// <summary>Whether its destination is there and admits it. Ingresses do not matter for that.</summary>
    private IEnumerable<string> InTheCluster(RouteRule rule) => states.Current is { } state
        ? ObjectReview.Warnings(
            state.Snapshot with { Ingresses = [], RouteRules = [rule] },
            new ObjectKey(Kinds.RouteRule, rule.Metadata.Namespace, rule.Metadata.Name))
        : [];

    private static bool SameSpec(JsonElement? left, JsonElement? right) =>
        left is null || right is null ? left is null && right is null : JsonElement.DeepEquals(left.Value, right.Value);
}
