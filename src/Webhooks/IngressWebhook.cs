using Turnpike.Api;
using Turnpike.Api.Ingresses;
using Turnpike.Api.Mesh;
using Turnpike.Compiler;
using Turnpike.Discovery;
using Turnpike.Hosting.Admission;

namespace Turnpike.Webhooks;

/// <summary>Refuses Ingresses of our class that are not valid; warns of missing services, ports and secrets and of hosts and paths that are taken.</summary>
public sealed class IngressWebhook(DiscoveryStates states)
{
    public ValueTask<AdmissionResponse> ReviewAsync(AdmissionRequest request, CancellationToken ct) => new(Review(request));

    private AdmissionResponse Review(AdmissionRequest request)
    {
        if (ObjectReview.AlwaysPasses(request, Names.IngressClassAnnotation, Names.HttpAnnotation))
            return AdmissionResponse.Allowed();
        var raw = ObjectReview.ObjectOf(request);
        var state = states.Current;
        if (!IngressClasses.IsOurs(IngressReader.ReadClass(raw), state?.Snapshot.Mesh ?? MeshConfig.Default, state?.Snapshot.IngressClasses ?? []))
            return AdmissionResponse.Allowed();
        var decoded = IngressReader.Read(raw);
        return decoded.Value is { } ingress
            ? AdmissionResponse.Allowed().With([.. decoded.Warnings, .. InTheCluster(ingress, state)])
            : AdmissionResponse.Denied(ObjectReview.Refusal(IngressReader.Kind, request.Name, decoded.Errors), 400, "BadRequest");
    }

    private static IEnumerable<string> InTheCluster(IngressObject ingress, DiscoveryState? state)
    {
        if (state is null)
            return [];
        // Only those of the same hosts can contend with it; the others would but take time.
        var hosts = HostsOf(ingress).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var rivals = state.Snapshot.Ingresses.RemoveAll(other => !HostsOf(other).Any(hosts.Contains));
        return ObjectReview.Warnings(
            state.Snapshot with { Ingresses = ObjectReview.With(rivals, ingress, i => i.Metadata), RouteRules = [] },
            new ObjectKey(Kinds.Ingress, ingress.Metadata.Namespace, ingress.Metadata.Name));
    }

    private static IEnumerable<string> HostsOf(IngressObject ingress)
    {
        var hosts = ingress.Rules.Select(r => r.Host);
        return ingress.DefaultBackend is null ? hosts : hosts.Append("");
    }
}
