using System.Text.Json;
using Turnpike.Api;
using Turnpike.Cli.Cluster.Status;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Installation.Checks;

/// <summary>
/// Checks for a real Istio in the cluster. With the names of 2017 both would act on the same Ingresses, pods and settings. An installation
/// of the
/// standalone profile can run beside it.
/// </summary>
internal static class MeshPart
{
    public const string Name = "mesh";

    public const string WayOut = "turnpike install --profile standalone installs under names of its own, beside the existing mesh";

    private static readonly string[] ControlPlanes = ["istiod", "istio-pilot"];

    public static async Task<StatusPart> ReadAsync(KubeApi api, Profile profile, CancellationToken ct)
    {
        string[] found = [.. await ControlPlanesAsync(api, profile, ct), .. await WebhooksAsync(api, profile, ct)];
        if (found.Length == 0)
            return new StatusPart(Name, "no other mesh");
        return profile.Name == Profile.Istio2017.Name
            ? new StatusPart(Name, "another mesh is here") { Problems = found, Remedy = WayOut }
            : new StatusPart(Name, $"beside another mesh: {string.Join("; ", found)}");
    }

    private static async Task<IEnumerable<string>> ControlPlanesAsync(KubeApi api, Profile profile, CancellationToken ct)
    {
        var near = await KeysAsync(new ResourceQuery { Namespace = profile.SystemNamespace });
        var anywhere = await KeysAsync(new ResourceQuery { LabelSelector = "app=istiod" });
        return near.Where(key => IsControlPlane(key.Name)).Concat(anywhere).Distinct().Order()
            .Select(key => $"Deployment {key} is the control plane of another mesh");

        async Task<IReadOnlyList<NamespacedName>> KeysAsync(ResourceQuery query) =>
            (await api.ListAsync(KnownResources.Deployments, query, item => item.Key(), ct)).Items;
    }

    /// <summary>Returns true for the name of a control plane, which ends in the name of a revision if it has one.</summary>
    private static bool IsControlPlane(string name) =>
        ControlPlanes.Any(known => name == known || name.StartsWith(known + "-", StringComparison.Ordinal));

    private static async Task<IEnumerable<string>> WebhooksAsync(KubeApi api, Profile profile, CancellationToken ct)
    {
        var found = new List<string>();
        foreach (var (resource, what) in (IEnumerable<(ResourceRef, string)>)[(KnownResources.MutatingWebhooks, "changes pods"), (KnownResources.ValidatingWebhooks, "judges objects")])
        {
            var names = await api.ListAsync(resource, ResourceQuery.All, item => (item.Key().Name, IsTheirs: IsTheirs(item)), ct);
            found.AddRange(names.Items
                .Where(item => item.IsTheirs && item.Name != profile.WebhookConfiguration)
                .Select(item => $"{resource.Kind} {item.Name} of another mesh {what}"));
        }
        return found;
    }

    private static bool IsTheirs(JsonElement configuration) =>
        configuration.Key().Name.StartsWith("istio-", StringComparison.Ordinal)
        || (configuration.Child("webhooks") is { ValueKind: JsonValueKind.Array } webhooks && webhooks.EnumerateArray().Any(webhook =>
            webhook.Text("name")?.EndsWith(".istio.io", StringComparison.Ordinal) == true
            || IsControlPlane(webhook.Child("clientConfig")?.Child("service")?.Text("name") ?? "")));
}
