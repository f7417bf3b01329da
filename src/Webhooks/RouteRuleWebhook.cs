using Turnpike.Api;
using Turnpike.Api.RouteRules;
using Turnpike.Compiler;
using Turnpike.Discovery;
using Turnpike.Hosting.Admission;

namespace Turnpike.Webhooks;

/// <summary>Refuses RouteRules that are not valid, with every fault; warns of what has no effect.</summary>
public sealed class RouteRuleWebhook(DiscoveryStates states)
{
    public ValueTask<AdmissionResponse> ReviewAsync(AdmissionRequest request, CancellationToken ct) => new(Review(request));

    private AdmissionResponse Review(AdmissionRequest request)
    {
        if (ObjectReview.AlwaysPasses(request))
            return AdmissionResponse.Allowed();
        var decoded = RouteRuleReader.Read(ObjectReview.ObjectOf(request));
        return decoded.Value is { } rule
            ? AdmissionResponse.Allowed().With([.. decoded.Warnings, .. InTheCluster(rule)])
            : ObjectReview.Refuse(RouteRuleReader.Kind, request, decoded.Errors);
    }

    /// <summary>Whether its destination is there and admits it. Ingresses do not matter for that.</summary>
    private IEnumerable<string> InTheCluster(RouteRule rule) => states.Current is { } state
        ? ObjectReview.Warnings(
            state.Snapshot with { Ingresses = [], RouteRules = [rule] },
            new ObjectKey(Kinds.RouteRule, rule.Metadata.Namespace, rule.Metadata.Name))
        : [];
}
