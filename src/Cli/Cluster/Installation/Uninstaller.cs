using Turnpike.Api;
using Turnpike.Cli.Cluster.Installation.Checks;
using Turnpike.Discovery;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Installation;

/// <summary>
/// Takes an installation away: what could stop others first, then what would make things again, then the rest. Rules and settings are the
/// user's and stay, unless they are to go too.
/// </summary>
internal sealed class Uninstaller(KubeApi api, Profile profile, TextWriter output, bool dryRun)
{

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly IReadOnlyList<ClusterObject> _objects = InstallManifest.Of(profile);

    /// <summary>Everything but rules, settings, the hosts that namespaces have, and the authority that running sidecars trust.</summary>
    /// <param name="clock">Bounds how long the operator is waited for.</param>
    /// <param name="patience">How long.</param>
    /// <returns>Whether there was anything to delete.</returns>
    public async Task<bool> RemoveAsync(TimeProvider clock, TimeSpan patience, CancellationToken ct)
    {
        var deleted = false;
        // A webhook that fails closed and has nobody to answer stops others: it goes before whoever answers.
        foreach (var resource in (ResourceRef[])[KnownResources.ValidatingWebhooks, KnownResources.MutatingWebhooks])
            deleted |= await DeleteIfOursAsync(resource, NamespacedName.ClusterScoped(profile.WebhookConfiguration), ct);
        // The operator would make again what is deleted after this, so it goes, with its rights, and is gone before the rest.
        deleted |= await DeleteAsync(KnownResources.Deployments, InSystem(Names.OperatorDeployment), ct);
        foreach (var item in _objects.Where(item => item.Resource.Kind is "ClusterRoleBinding" or "RoleBinding"))
            deleted |= await DeleteAsync(item.Resource, item.Key, ct);
        if (deleted && !dryRun)
            await WaitForTheOperatorAsync(clock, patience, ct);
        foreach (var resource in (ResourceRef[])[KnownResources.Deployments, KnownResources.Services, KnownResources.ServiceAccounts])
            deleted |= await DeleteIfOursAsync(resource, InSystem(profile.IngressService), ct);
        foreach (var name in (string[])[profile.IngressService, Names.OperatorDeployment])
            deleted |= await DeleteBudgetAsync(InSystem(name), ct);
        foreach (var item in _objects.Reverse().Where(item => item.Resource != KnownResources.Namespaces && item.Resource != KnownResources.CustomResourceDefinitions && !IsDone(item)))
            deleted |= await DeleteAsync(item.Resource, item.Key, ct);
        deleted |= await DeleteAsync(KnownResources.ConfigMaps, InSystem(Names.StatusConfigMap), ct);
        deleted |= await DeleteAsync(KnownResources.Leases, InSystem(Names.OperatorLease), ct);
        deleted |= await DeleteNamespaceAsync(profile.SelfTestNamespace, ct);
        return deleted;

        static bool IsDone(ClusterObject item) =>
            item.Resource == KnownResources.ValidatingWebhooks || item.Resource == KnownResources.MutatingWebhooks || item.Key.Name == Names.OperatorDeployment && item.Resource == KnownResources.Deployments
            || item.Resource.Kind is "ClusterRoleBinding" or "RoleBinding";
    }

    /// <summary>The rest: the rules with their definition, the settings, what the operator kept, and the namespace if nothing of others is in it.</summary>
    public async Task PurgeAsync(CancellationToken ct)
    {
        var other = await Installations.OtherAsync(api, profile, ct);
        if (other is not null)
            await output.WriteLineAsync($"the rules stay: profile {other.Name} is installed too, in namespace {other.SystemNamespace}");
        else
            await DeleteIfOursAsync(KnownResources.CustomResourceDefinitions, NamespacedName.ClusterScoped(Resources.DefinitionName), ct);
        await DeleteIfOursAsync(KnownResources.IngressClasses, NamespacedName.ClusterScoped(profile.IngressClass), ct);
        foreach (var name in (string[])[profile.MeshConfigMap, profile.InjectConfigMap, profile.CaConfigMap])
            await DeleteAsync(KnownResources.ConfigMaps, InSystem(name), ct);
        foreach (var key in await HostRecordsAsync(ct))
            await DeleteAsync(KnownResources.ConfigMaps, key, ct);
        await DeleteAsync(KnownResources.Secrets, InSystem(Names.CaSecret), ct);
        await DeleteNamespaceAsync(profile.SystemNamespace, ct, withRules: other is null);
    }

    /// <summary>How many rules a purge deletes.</summary>
    public async Task<int> CountRulesAsync(CancellationToken ct)
    {
        try
        {
            return (await api.ListAsync(CustomResources.RouteRules, ResourceQuery.All, _ => true, ct)).Items.Count;
        }
        catch (KubeStatusException e) when (e.IsNotFound)
        {
            return 0;
        }
    }

    /// <summary>Pods that keep the sidecar that they were injected with, by namespace.</summary>
    public async Task<IReadOnlyList<(string Namespace, int Count)>> InjectedPodsAsync(CancellationToken ct)
    {
        var pods = await api.ListAsync(KnownResources.Pods, ResourceQuery.All, pod => (
            pod.Key().Namespace, IsInjected: pod.Child("metadata")?.Child("annotations")?.Text(profile.InjectStatusAnnotation) is not null), ct);
        return [.. pods.Items.Where(pod => pod.IsInjected).GroupBy(pod => pod.Namespace).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => (group.Key, group.Count()))];
    }

    private NamespacedName InSystem(string name) => new(profile.SystemNamespace, name);

    private async Task<IReadOnlyList<NamespacedName>> HostRecordsAsync(CancellationToken ct) =>
        (await api.ListAsync(KnownResources.ConfigMaps, new ResourceQuery { Namespace = profile.SystemNamespace, LabelSelector = Names.HostRecordLabel }, item => item.Key(), ct)).Items;

    private async Task WaitForTheOperatorAsync(TimeProvider clock, TimeSpan patience, CancellationToken ct)
    {
        var query = new ResourceQuery { Namespace = profile.SystemNamespace, LabelSelector = $"app.kubernetes.io/name={Names.OperatorDeployment}" };
        var started = clock.GetTimestamp();
        while ((await api.ListAsync(KnownResources.Pods, query, pod => pod.Key(), ct)).Items is [var pod, ..])
        {
            if (clock.GetElapsedTime(started) >= patience)
                throw new CommandException($"pod {pod} of the operator is still there after {patience.TotalSeconds:0} s, and would make again what is deleted: the same command goes on when it is gone");
            await Task.Delay(Pause, clock, ct);
        }
    }

    private async Task<bool> DeleteIfOursAsync(ResourceRef resource, NamespacedName key, CancellationToken ct)
    {
        if (await api.FindAsync(resource, key, ct) is not { } found)
            return false;
        if (NamesPart.IsOurs(resource, found, profile))
            return await DeleteAsync(resource, key, ct);
        await output.WriteLineAsync($"{InstallManifest.NameOf(resource, key)} stays: it is not ours");
        return false;
    }

    private async Task<bool> DeleteBudgetAsync(NamespacedName key, CancellationToken ct)
    {
        foreach (var resource in (ResourceRef[])[KnownResources.DisruptionBudgets, KnownResources.DisruptionBudgetsBeta])
        {
            if (await DeleteAsync(resource, key, ct))
                return true;
        }
        return false;
    }

    /// <summary>False where there is none.</summary>
    private async Task<bool> DeleteAsync(ResourceRef resource, NamespacedName key, CancellationToken ct)
    {
        try
        {
            if (dryRun ? await api.FindAsync(resource, key, ct) is null : !await api.DeleteAsync(resource, key, uid: null, ct))
                return false;
        }
        catch (KubeStatusException e)
        {
            throw Refusal.Read(e).ToException($"cannot delete {resource.Kind} {key}; the same command goes on from there");
        }
        await output.WriteLineAsync($"{InstallManifest.NameOf(resource, key)} deleted{(dryRun ? " (dry run)" : "")}");
        return true;
    }

    /// <param name="ns">Its name.</param>
    /// <param name="ct">Ends it.</param>
    /// <param name="withRules">Whether rules go, be they in it or elsewhere.</param>
    private async Task<bool> DeleteNamespaceAsync(string ns, CancellationToken ct, bool withRules = false)
    {
        const int Shown = 5;
        var key = NamespacedName.ClusterScoped(ns);
        if (await api.FindAsync(KnownResources.Namespaces, key, ct) is not { } found || found.Child("metadata")?.Child("deletionTimestamp") is not null)
            return false;
        IReadOnlyList<string> foreign;
        try
        {
            // By dry run what is ours is still there.
            foreign = await new NamespaceContents(api).ForeignAsync(ns, (resource, inside) => (withRules && resource.Group == Names.Group) || (dryRun && IsOurs(resource, inside)), ct);
        }
        catch (KubeStatusException e)
        {
            await output.WriteLineAsync($"namespace/{ns} stays: what is in it cannot be seen ({Refusal.Read(e)})");
            return false;
        }
        if (foreign.Count == 0)
            return await DeleteAsync(KnownResources.Namespaces, key, ct);
        await output.WriteLineAsync($"namespace/{ns} stays: it holds {string.Join(", ", foreign.Take(Shown))}{(foreign.Count > Shown ? $" and {foreign.Count - Shown} more" : "")}");
        return false;
    }

    private bool IsOurs(ResourceRef resource, NamespacedName key) =>
        _objects.Any(item => item.Resource.Kind == resource.Kind && item.Key == key)
        || key.Name == profile.IngressService
        || resource.Kind switch
        {
            "ConfigMap" => key.Name == profile.MeshConfigMap || key.Name == profile.InjectConfigMap || key.Name == profile.CaConfigMap || key.Name == Names.StatusConfigMap
                || key.Name.StartsWith(Names.HostRecordPrefix, StringComparison.Ordinal),
            "Secret" => key.Name == Names.CaSecret,
            "Lease" => key.Name == Names.OperatorLease,
            "PodDisruptionBudget" => key.Name == Names.OperatorDeployment,
            _ => false,
        };
}
