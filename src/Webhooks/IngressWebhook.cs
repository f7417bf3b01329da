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
/// Refuses Ingresses of the operator's class that are invalid or ask for a host of another namespace, and warns of missing services, ports
/// and secrets and of paths that are taken. The API server sends Ingresses of every class, so a failure of this webhook denies nothing.
/// </summary>
[ValidationWebhook(typeof(V1Ingress))]
[FailurePolicy(AdmissionFailure.AllowWithWarning)]
public sealed class IngressWebhook(DiscoveryStates states, Profile profile) : ValidationWebhook<V1Ingress>
{
    /// <inheritdoc/>
    public override Task<ValidationResult> CreateAsync(V1Ingress entity, bool dryRun, CancellationToken cancellationToken) =>
        Task.FromResult(Review(null, entity, cancellationToken));

    /// <inheritdoc/>
    public override Task<ValidationResult> UpdateAsync(
        V1Ingress oldEntity, V1Ingress newEntity, bool dryRun, CancellationToken cancellationToken) =>
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
        var name = entity.Metadata.Name;
        return refusals.Count > 0
            ? Fail($"{IngressReader.Kind} \"{name}\" asks for hosts that belong to other namespaces: {string.Join("; ", refusals)}")
            : Success([.. decoded.Warnings, .. WarningsOf(ingress, state, ct)]);

        ValidationResult Refuse(IReadOnlyList<FieldError> errors) =>
            Fail(ObjectReview.Refusal(IngressReader.Kind, entity, errors), ObjectReview.RefusalCode);
    }

    /// <summary>
    /// Reviews an update that changes foreign annotations alone. Adding a guard that is not enforced is refused. A guard that was there
    /// before must not prevent changes of labels and other annotations.
    /// </summary>
    private ValidationResult ReviewAnnotations(V1Ingress old, V1Ingress entity)
    {
        var (raw, state) = (entity.ToJson(), states.Current);
        if (entity.Metadata.DeletionTimestamp is not null || !IsOurs(raw, state))
            return Success();
        var before = IngressReader.ReadClass(old.ToJson()).Metadata.Annotations;
        var after = IngressReader.ReadClass(raw).Metadata.Annotations;
        var foreign = ForeignAnnotations.Of(after.Where(a => before.GetValueOrDefault(a.Key) != a.Value));
        return RefusesGuards(state) && ForeignAnnotations.Refusals(foreign) is { Count: > 0 } errors
            ? Fail(ObjectReview.Refusal(IngressReader.Kind, entity, errors), ObjectReview.RefusalCode)
            : Success([.. foreign.Select(f => f.ToString())]);
    }

    private static bool RefusesGuards(DiscoveryState? state) =>
        (state?.Snapshot.Mesh ?? MeshConfig.Default).ForeignGuards == ForeignGuards.Refuse;

    /// <summary>
    /// Returns why hosts are refused that the Ingress did not ask for before. The current owners count, however old the Ingress is. The
    /// compiler already leaves out what the Ingress asked for before, and that must not prevent changes of its other hosts.
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

    private bool IsOurs(JsonObject raw, DiscoveryState? state)
    {
        var mesh = state?.Snapshot.Mesh ?? MeshConfig.Of(profile);
        return IngressClasses.IsOurs(IngressReader.ReadClass(raw), mesh, state?.Snapshot.IngressClasses ?? []);
    }

    private static IEnumerable<string> WarningsOf(IngressObject ingress, DiscoveryState state, CancellationToken ct)
    {
        // Only Ingresses of the same hosts, and of the wildcards over them, can conflict with this one. Leaving out the others saves time.
        var hosts = HostsOf(ingress).ToHashSet(StringComparer.Ordinal);
        hosts.UnionWith([.. hosts.Where(h => h.Contains('.', StringComparison.Ordinal)).Select(WildcardOver)]);
        var rivals = state.Snapshot.Ingresses.RemoveAll(other => !HostsOf(other).Any(hosts.Contains));
        // After the deadline the result is not used.
        ct.ThrowIfCancellationRequested();
        return ObjectReview.Warnings(
            state.Snapshot with
            {
                Ingresses = ObjectReview.With(rivals, ingress, i => i.Metadata),
                RouteRules = [],
                HostClaims = state.Hosts.Claims,
            },
            new ObjectKey(Kinds.Ingress, ingress.Metadata.Namespace, ingress.Metadata.Name));
    }

    private static string WildcardOver(string host) => "*" + host[host.IndexOf('.', StringComparison.Ordinal)..];

    /// <summary>Returns the hosts in lower case, and an empty string for any host.</summary>
    private static IEnumerable<string> HostsOf(IngressObject ingress)
    {
        var hosts = ingress.Rules.Select(r => r.Host).Concat(ingress.Tls.SelectMany(t => t.Hosts)).Select(h => h.ToLowerInvariant());
        return ingress.DefaultBackend is null ? hosts : hosts.Append("");
    }
}
