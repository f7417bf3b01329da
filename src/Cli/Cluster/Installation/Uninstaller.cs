using Turnpike.Api;
using Turnpike.Cli.Cluster.Installation.Checks;
using Turnpike.Discovery;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Installation;

/// <summary>
/// Removes an installation. First the webhooks, which could block other requests, then the operator, which would create objects again, then
/// the rest.
/// Rules and settings belong to the user and stay unless they are purged.
/// </summary>
internal sealed class Uninstaller(KubeApi api, Profile profile, TextWriter output, bool dryRun)
{

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly IReadOnlyList<ClusterObject> _objects = InstallManifest.Of(profile);

    /// <summary>
    /// Deletes everything except rules, settings, host records and the certificate authority that running sidecars trust.
    /// </summary>
    /// <param name="clock">The clock for the timeout.</param>
    /// <param name="timeout">The time for the operator's pods to end.</param>
    /// <param name="ct">Cancels the requests.</param>
    /// <returns>True if there was anything to delete.</returns>
    public async Task<bool> RemoveAsync(TimeProvider clock, TimeSpan timeout, CancellationToken ct)
    {
        var deleted = false;
        // A webhook that fails closed blocks requests when its server is gone, so it is removed before its server.
        foreach (var resource in (ResourceRef[])[KnownResources.ValidatingWebhooks, KnownResources.MutatingWebhooks])
            deleted |= await DeleteIfOursAsync(resource, NamespacedName.ClusterScoped(profile.WebhookConfiguration), ct);
        // The operator would create again what is deleted below, so it and its rights are removed first, and its pods must have ended.
        deleted |= await DeleteAsync(KnownResources.Deployments, InSystem(Names.OperatorDeployment), ct);
        foreach (var item in _objects.Where(item => item.Resource.Kind is "ClusterRoleBinding" or "RoleBinding"))
            deleted |= await DeleteAsync(item.Resource, item.Key, ct);
        if (deleted && !dryRun)
            await WaitForTheOperatorAsync(clock, timeout, ct);
        foreach (var resource in (ResourceRef[])[KnownResources.Deployments, KnownResources.Services, KnownResources.ServiceAccounts])
            deleted |= await DeleteIfOursAsync(resource, InSystem(profile.IngressService), ct);
        foreach (var name in (string[])[profile.IngressService, Names.OperatorDeployment])
            deleted |= await DeleteBudgetAsync(InSystem(name), ct);
        foreach (var item in _objects.Reverse().Where(item => !IsKept(item) && !IsDone(item)))
            deleted |= await DeleteAsync(item.Resource, item.Key, ct);
        deleted |= await DeleteAsync(KnownResources.ConfigMaps, InSystem(Names.StatusConfigMap), ct);
        deleted |= await DeleteAsync(KnownResources.Leases, InSystem(Names.OperatorLease), ct);
        deleted |= await DeleteNamespaceAsync(profile.SelfTestNamespace, ct);
        return deleted;

        static bool IsKept(ClusterObject item) =>
            item.Resource == KnownResources.Namespaces || item.Resource == KnownResources.CustomResourceDefinitions;

        static bool IsDone(ClusterObject item) =>
            item.Resource == KnownResources.ValidatingWebhooks
            || item.Resource == KnownResources.MutatingWebhooks
            || (item.Resource == KnownResources.Deployments && item.Key.Name == Names.OperatorDeployment)
            || item.Resource.Kind is "ClusterRoleBinding" or "RoleBinding";
    }

    /// <summary>
    /// Deletes the rest: rules and their definition, settings, the operator's records, and the namespace if it holds nothing else.
    /// </summary>
    public async Task PurgeAsync(CancellationToken ct)
    {
        var other = await Installations.OtherAsync(api, profile, ct);
        if (other is not null)
        {
            await output.WriteLineAsync(
                $"the rules stay: profile {other.Name} is installed too, in namespace {other.SystemNamespace}");
        }
        else
        {
            await DeleteIfOursAsync(KnownResources.CustomResourceDefinitions, NamespacedName.ClusterScoped(Resources.DefinitionName), ct);
        }

        await DeleteIfOursAsync(KnownResources.IngressClasses, NamespacedName.ClusterScoped(profile.IngressClass), ct);
        foreach (var name in (string[])[profile.MeshConfigMap, profile.InjectConfigMap, profile.CaConfigMap])
            await DeleteAsync(KnownResources.ConfigMaps, InSystem(name), ct);
        foreach (var key in await HostRecordsAsync(ct))
            await DeleteAsync(KnownResources.ConfigMaps, key, ct);
        await DeleteAsync(KnownResources.Secrets, InSystem(Names.CaSecret), ct);
        await DeleteNamespaceAsync(profile.SystemNamespace, ct, withRules: other is null);
    }

    /// <summary>Returns the number of rules that a purge deletes.</summary>
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

    /// <summary>Returns the number of injected pods by namespace. They keep their sidecars.</summary>
    public async Task<IReadOnlyList<(string Namespace, int Count)>> InjectedPodsAsync(CancellationToken ct)
    {
        var pods = await api.ListAsync(KnownResources.Pods, ResourceQuery.All, pod => (
            pod.Key().Namespace, IsInjected: pod.Child("metadata")?.Child("annotations")?.Text(profile.InjectStatusAnnotation) is not null), ct);
        return
        [
            .. pods.Items.Where(pod => pod.IsInjected)
                .GroupBy(pod => pod.Namespace)
                .OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => (group.Key, group.Count())),
        ];
    }

    private NamespacedName InSystem(string name) => new(profile.SystemNamespace, name);

    private async Task<IReadOnlyList<NamespacedName>> HostRecordsAsync(CancellationToken ct)
    {
        var query = new ResourceQuery { Namespace = profile.SystemNamespace, LabelSelector = Names.HostRecordLabel };
        return (await api.ListAsync(KnownResources.ConfigMaps, query, item => item.Key(), ct)).Items;
    }

    private async Task WaitForTheOperatorAsync(TimeProvider clock, TimeSpan timeout, CancellationToken ct)
    {
        var query = new ResourceQuery
        {
            Namespace = profile.SystemNamespace,
            LabelSelector = $"app.kubernetes.io/name={Names.OperatorDeployment}",
        };
        var started = clock.GetTimestamp();
        while ((await api.ListAsync(KnownResources.Pods, query, pod => pod.Key(), ct)).Items is [var pod, ..])
        {
            if (clock.GetElapsedTime(started) >= timeout)
            {
                throw new CommandException($"pod {pod} of the operator still exists after {timeout.TotalSeconds:0} s and would create again "
                    + "what is deleted: run the same command when it is gone");
            }
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

    /// <summary>Deletes an object. Returns false if it does not exist.</summary>
    private async Task<bool> DeleteAsync(ResourceRef resource, NamespacedName key, CancellationToken ct)
    {
        try
        {
            if (dryRun ? await api.FindAsync(resource, key, ct) is null : !await api.DeleteAsync(resource, key, uid: null, ct))
                return false;
        }
        catch (KubeStatusException e)
        {
            throw Refusal.Read(e).ToException($"cannot delete {resource.Kind} {key}; the same command continues from there");
        }
        await output.WriteLineAsync($"{InstallManifest.NameOf(resource, key)} deleted{(dryRun ? " (dry run)" : "")}");
        return true;
    }

    /// <summary>Deletes a namespace if it holds nothing of others. Returns false if it stays.</summary>
    /// <param name="ns">The name of the namespace.</param>
    /// <param name="ct">Cancels the requests.</param>
    /// <param name="withRules">Whether the rules in it may be deleted.</param>
    private async Task<bool> DeleteNamespaceAsync(string ns, CancellationToken ct, bool withRules = false)
    {
        const int Shown = 5;
        var key = NamespacedName.ClusterScoped(ns);
        if (await api.FindAsync(KnownResources.Namespaces, key, ct) is not { } found || found.Child("metadata")?.Child("deletionTimestamp") is not null)
            return false;
        IReadOnlyList<string> foreign;
        try
        {
            // In a dry run our own objects still exist.
            foreign = await new NamespaceContents(api).ForeignAsync(
                ns, (resource, inside) => (withRules && resource.Group == Names.Group) || (dryRun && IsOurs(resource, inside)), ct);
        }
        catch (KubeStatusException e)
        {
            await output.WriteLineAsync($"namespace/{ns} stays: its contents cannot be listed ({Refusal.Read(e)})");
            return false;
        }
        if (foreign.Count == 0)
            return await DeleteAsync(KnownResources.Namespaces, key, ct);
        var more = foreign.Count > Shown ? $" and {foreign.Count - Shown} more" : "";
        await output.WriteLineAsync($"namespace/{ns} stays: it contains {string.Join(", ", foreign.Take(Shown))}{more}");
        return false;
    }

    private bool IsOurs(ResourceRef resource, NamespacedName key) =>
        _objects.Any(item => item.Resource.Kind == resource.Kind && item.Key == key)
        || key.Name == profile.IngressService
        || resource.Kind switch
        {
            "ConfigMap" => key.Name == profile.MeshConfigMap
                || key.Name == profile.InjectConfigMap
                || key.Name == profile.CaConfigMap
                || key.Name == Names.StatusConfigMap
                || key.Name.StartsWith(Names.HostRecordPrefix, StringComparison.Ordinal),
            "Secret" => key.Name == Names.CaSecret,
            "Lease" => key.Name == Names.OperatorLease,
            "PodDisruptionBudget" => key.Name == Names.OperatorDeployment,
            _ => false,
        };
}
