using System.Text.Json.Nodes;
using KubeOps.Operator.Web.Webhooks.Admission.Validation;
using Turnpike.Api;
using Turnpike.Api.Ingresses;
using Turnpike.Api.Mesh;
using Turnpike.Compiler;
using Turnpike.Compiler.Limits;
using Turnpike.Discovery;
using Turnpike.Hosting.Admission;
using Turnpike.OperatorSdk;
using Turnpike.Reading;
using Turnpike.Webhooks.Entities;

namespace Turnpike.Webhooks;

/// <summary>
/// Refuses Ingresses of our class that are not valid, or that ask for a host of another namespace; warns of missing services, ports and secrets and
/// of paths that are taken. The API server asks about Ingresses of every class, so a failure here stands in nobody's way.
/// </summary>
[ValidationWebhook(typeof(V1Ingress))]
[FailurePolicy(AdmissionFailure.AllowWithWarning)]
public sealed class IngressWebhook(DiscoveryStates states, Profile profile) : ValidationWebhook<V1Ingress>
{
    /// <inheritdoc/>
    public override Task<ValidationResult> CreateAsync(V1Ingress entity, bool dryRun, CancellationToken cancellationToken) =>
        Task.FromResult(Review(null, entity, cancellationToken));

    /// <inheritdoc/>
    public override Task<ValidationResult> UpdateAsync(V1Ingress oldEntity, V1Ingress newEntity, bool dryRun, CancellationToken cancellationToken) =>
        Task.FromResult(
            ObjectReview.AlwaysPasses(oldEntity, newEntity, [Names.IngressClassAnnotation, .. Names.IngressAnnotations])
                ? ReviewAnnotations(oldEntity, newEntity)
                : Review(oldEntity, newEntity, cancellationToken));

    private ValidationResult Review(V1Ingress? old, V1Ingress entity, CancellationToken ct)
    {
        var raw = entity.ToJson();
        var state = states.Current;
        if (!IsOurs(raw, state))
            return Success();
        var decoded = IngressReader.Read(raw);
        var foreign = ForeignAnnotations.Of(IngressReader.ReadClass(raw).Metadata.Annotations);
        var errors = RefusesGuards(state) ? [.. decoded.Errors, .. ForeignAnnotations.Refusals(foreign)] : decoded.Errors;
        if (errors.Count > 0 || decoded.Value is not { } ingress)
            return Refuse(errors);
        if (state is null)
            return Success([.. decoded.Warnings, .. foreign.Select(f => f.ToString())]);
        if (NamespaceUsage.Refusal(state.Snapshot, ingress) is { } excess)
            return Refuse([excess]);
        var refusals = NewRefusals(ingress, old, state);
        return refusals.Count > 0
            ? Fail($"{IngressReader.Kind} \"{entity.Metadata.Name}\" asks for what is not its namespace's: {string.Join("; ", refusals)}")
            : Success([.. decoded.Warnings, .. InTheCluster(ingress, state, ct)]);

        ValidationResult Refuse(IReadOnlyList<FieldError> errors) => Fail(ObjectReview.Refusal(IngressReader.Kind, entity, errors), ObjectReview.RefusalCode);
    }

    /// <summary>
    /// Of an update that leaves everything else as it is: whoever adds a guard that is not enforced is refused. One that was there before must not keep
    /// labels and the annotations of others from being changed.
    /// </summary>
    private ValidationResult ReviewAnnotations(V1Ingress old, V1Ingress entity)
    {
        var (raw, state) = (entity.ToJson(), states.Current);
        if (entity.Metadata.DeletionTimestamp is not null || !IsOurs(raw, state))
            return Success();
        var before = IngressReader.ReadClass(old.ToJson()).Metadata.Annotations;
        var foreign = ForeignAnnotations.Of(IngressReader.ReadClass(raw).Metadata.Annotations.Where(a => before.GetValueOrDefault(a.Key) != a.Value));
        return RefusesGuards(state) && ForeignAnnotations.Refusals(foreign) is { Count: > 0 } errors
            ? Fail(ObjectReview.Refusal(IngressReader.Kind, entity, errors), ObjectReview.RefusalCode)
            : Success([.. foreign.Select(f => f.ToString())]);
    }

    private static bool RefusesGuards(DiscoveryState? state) => (state?.Snapshot.Mesh ?? MeshConfig.Default).ForeignGuards == ForeignGuards.Refuse;

    /// <summary>
    /// By whose the hosts are now: whoever asks for one later is refused, however old its Ingress. What the Ingress asked for before is left out by
    /// the compiler already, and must not keep its other hosts from being changed.
    /// </summary>
    private List<string> NewRefusals(IngressObject ingress, V1Ingress? old, DiscoveryState state)
    {
        var refusals = state.Hosts.Refusals(ingress);
        if (refusals.IsEmpty)
            return [];
        var before = old?.ToJson() is { } raw && IsOurs(raw, state) && IngressReader.Read(raw).Value is { } known
            ? HostsOf(known).ToHashSet(StringComparer.Ordinal)
            : [];
        return [.. refusals.Where(r => !before.Contains(r.Host)).Select(r => r.Message)];
    }

    private bool IsOurs(JsonObject raw, DiscoveryState? state) =>
        IngressClasses.IsOurs(IngressReader.ReadClass(raw), state?.Snapshot.Mesh ?? MeshConfig.Of(profile), state?.Snapshot.IngressClasses ?? []);

    private static IEnumerable<string> InTheCluster(IngressObject ingress, DiscoveryState state, CancellationToken ct)
    {
        // Only those of the same hosts, and of the wildcards over them, can contend with it; the others would but take time.
        var hosts = HostsOf(ingress).ToHashSet(StringComparer.Ordinal);
        hosts.UnionWith(hosts.Where(h => h.Contains('.', StringComparison.Ordinal)).Select(h => "*" + h[h.IndexOf('.', StringComparison.Ordinal)..]).ToList());
        var rivals = state.Snapshot.Ingresses.RemoveAll(other => !HostsOf(other).Any(hosts.Contains));
        // Nobody waits for what comes after the deadline.
        ct.ThrowIfCancellationRequested();
        return ObjectReview.Warnings(
            state.Snapshot with { Ingresses = ObjectReview.With(rivals, ingress, i => i.Metadata), RouteRules = [], HostClaims = state.Hosts.Claims },
            new ObjectKey(Kinds.Ingress, ingress.Metadata.Namespace, ingress.Metadata.Name));
    }

    /// <summary>In lower case; empty for any host.</summary>
    private static IEnumerable<string> HostsOf(IngressObject ingress)
    {
        var hosts = ingress.Rules.Select(r => r.Host).Concat(ingress.Tls.SelectMany(t => t.Hosts)).Select(h => h.ToLowerInvariant());
        return ingress.DefaultBackend is null ? hosts : hosts.Append("");
    }
}
