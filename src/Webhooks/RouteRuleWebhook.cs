using KubeOps.Operator.Web.Webhooks.Admission.Validation;
using Turnpike.Api;
using Turnpike.Api.RouteRules;
using Turnpike.Compiler.Limits;
using Turnpike.Discovery;
using Turnpike.Reading;
using Turnpike.Webhooks.Entities;

namespace Turnpike.Webhooks;

/// <summary>Refuses invalid RouteRules with all their faults, and warns of parts without effect. A deletion is always allowed.</summary>
[ValidationWebhook(typeof(V1Alpha2RouteRule))]
public sealed class RouteRuleWebhook(DiscoveryStates states) : ValidationWebhook<V1Alpha2RouteRule>
{
    /// <inheritdoc/>
    public override ValidationResult Create(V1Alpha2RouteRule entity, bool dryRun) => Review(entity);

    /// <inheritdoc/>
    public override ValidationResult Update(V1Alpha2RouteRule oldEntity, V1Alpha2RouteRule newEntity, bool dryRun) =>
        ObjectReview.AlwaysPasses(oldEntity, newEntity) ? Success() : Review(newEntity);

    private ValidationResult Review(V1Alpha2RouteRule entity)
    {
        var decoded = RouteRuleReader.Read(entity.ToJson());
        if (decoded.Value is not { } rule)
            return Refuse(decoded.Errors);
        return states.Current is { } state && NamespaceUsage.Refusal(state.Snapshot, rule) is { } excess
            ? Refuse([excess])
            : Success([.. decoded.Warnings, .. InTheCluster(rule)]);

        ValidationResult Refuse(IReadOnlyList<FieldError> errors) =>
            Fail(ObjectReview.Refusal(RouteRuleReader.Kind, entity, errors), ObjectReview.RefusalCode);
    }

    /// <summary>Warns when the rule's destination does not exist or does not admit it. Ingresses do not matter for that.</summary>
    private IEnumerable<string> InTheCluster(RouteRule rule) => states.Current is { } state
        ? ObjectReview.Warnings(
            state.Snapshot with { Ingresses = [], RouteRules = [rule] },
            new ObjectKey(Kinds.RouteRule, rule.Metadata.Namespace, rule.Metadata.Name))
        : [];
}
