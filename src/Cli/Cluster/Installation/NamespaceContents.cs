using System.Text.Json;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Installation;

/// <summary>Lists the objects of every kind in a namespace, except those that Kubernetes itself creates in each namespace.</summary>
internal sealed class NamespaceContents(KubeApi api)
{
    // Events do not keep a namespace, and metrics are not objects.
    private static readonly HashSet<string> Passing = new(StringComparer.Ordinal) { "events", "events.k8s.io", "metrics.k8s.io" };

    /// <summary>Returns the objects that keep a namespace from being deleted, each as <c>configmap/name</c>.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="isOurs">Returns true for objects that may be deleted with it.</param>
    /// <param name="ct">Cancels the requests.</param>
    /// <exception cref="KubeStatusException">A kind cannot be listed, so that the contents are not known.</exception>
    public async Task<IReadOnlyList<string>> ForeignAsync(string ns, Func<ResourceRef, NamespacedName, bool> isOurs, CancellationToken ct)
    {
        var found = new List<string>();
        foreach (var resource in await KindsAsync(ct))
        {
            foreach (var key in await KeysAsync(resource, ns, ct))
            {
                if (!isOurs(resource, key))
                    found.Add(InstallManifest.NameOf(resource, key));
            }
        }
        return [.. found.Distinct().Order(StringComparer.Ordinal)];
    }

    private async Task<IReadOnlyList<NamespacedName>> KeysAsync(ResourceRef resource, string ns, CancellationToken ct)
    {
        try
        {
            var items = await api.ListAsync(
                resource, new ResourceQuery { Namespace = ns }, item => (Key: item.Key(), Counts: Counts(resource, item)), ct);
            return [.. items.Items.Where(item => item.Counts).Select(item => item.Key)];
        }
        catch (KubeStatusException e) when (e.Code is 404 or 405)
        {
            // Discovery still lists a kind that is being deleted.
            return [];
        }
    }

    /// <summary>Returns false for an object that is being deleted, or that is deleted with its owner.</summary>
    private static bool Counts(ResourceRef resource, JsonElement item)
    {
        var metadata = item.Child("metadata");
        if (metadata?.Child("deletionTimestamp") is not null || metadata?.Child("ownerReferences") is { ValueKind: JsonValueKind.Array })
            return false;
        var name = item.Key().Name;
        return resource.Kind switch
        {
            "ServiceAccount" => name != "default",
            "ConfigMap" => name != "kube-root-ca.crt",
            "Secret" => item.Text("type") != "kubernetes.io/service-account-token",
            // Endpoints are deleted with their Service.
            "Endpoints" => false,
            _ => true,
        };
    }

    /// <summary>Returns every kind that can be listed in a namespace, in the preferred version of its group.</summary>
    private async Task<IReadOnlyList<ResourceRef>> KindsAsync(CancellationToken ct)
    {
        var kinds = new List<ResourceRef>();
        await AddAsync("", "v1", "api/v1");
        var groups = await api.RequestAsync(HttpMethod.Get, "apis", null, ct);
        if (groups.Child("groups") is { ValueKind: JsonValueKind.Array } list)
        {
            foreach (var group in list.EnumerateArray())
            {
                if (group.Text("name") is { } name && !Passing.Contains(name) && group.Child("preferredVersion")?.Text("version") is { } version)
                    await AddAsync(name, version, $"apis/{name}/{version}");
            }
        }
        return kinds;

        async Task AddAsync(string group, string version, string path)
        {
            if ((await ResourcesAsync(path, ct))?.Child("resources") is not { ValueKind: JsonValueKind.Array } resources)
                return;
            foreach (var resource in resources.EnumerateArray())
            {
                if (resource.Child("namespaced") is { ValueKind: JsonValueKind.True } && CanList(resource)
                    && resource.Text("name") is { } plural && !Passing.Contains(plural) && resource.Text("kind") is { } kind)
                {
                    kinds.Add(new ResourceRef(group, version, plural, kind));
                }
            }
        }
    }

    /// <summary>
    /// Returns the resources of a group version; null for a group whose last kind is being deleted, which discovery still lists.
    /// </summary>
    private async Task<JsonElement?> ResourcesAsync(string path, CancellationToken ct)
    {
        try
        {
            return await api.RequestAsync(HttpMethod.Get, path, null, ct);
        }
        catch (KubeStatusException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    private static bool CanList(JsonElement resource) =>
        resource.Child("verbs") is { ValueKind: JsonValueKind.Array } verbs
        && verbs.EnumerateArray().Any(verb => verb.ValueKind == JsonValueKind.String && verb.GetString() == "list");
}
