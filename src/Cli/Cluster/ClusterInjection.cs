using System.Text.Json;
using Turnpike.Api;
using Turnpike.Hosting.Client;
using Turnpike.Injector;

namespace Turnpike.Cli.Cluster;

/// <summary>The settings of injection in a cluster, or the reason why they are not known.</summary>
/// <param name="Config">The text under <c>config</c> of the ConfigMap that the profile names; null if there is none.</param>
/// <param name="Source">The source of the text, or the reason why there is none.</param>
/// <param name="HasNativeSidecars">Whether the cluster supports native sidecars; null if that is not known.</param>
/// <param name="Profile">The profile of the installation; null if the cluster could not be asked.</param>
internal sealed record ClusterInjection(string? Config, string Source, bool? HasNativeSidecars, Profile? Profile)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan NodesTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Asks the cluster, for a bounded time. A failure becomes the reason in the result.</summary>
    public static async Task<ClusterInjection> AskAsync(ClusterSettings settings, ProcessContext process, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            // A credential plugin may block the thread for any time.
            return await Task.Run(() => AskClusterAsync(settings, process, stop.Token), stop.Token).WaitAsync(Timeout, process.Clock, ct);
        }
        catch (TimeoutException)
        {
            return Nothing($"the cluster does not respond within {Timeout.TotalSeconds} s");
        }
        catch (CommandException e)
        {
            return Nothing(string.Join(' ', e.Lines));
        }
        finally
        {
            await stop.CancelAsync();
        }
    }

    private static async Task<ClusterInjection> AskClusterAsync(ClusterSettings settings, ProcessContext process, CancellationToken ct)
    {
        using var cluster = ClusterAccess.Open(settings, process);
        return await cluster.RunAsync(async api =>
        {
            var profile = await cluster.ProfileAsync(api, ct);
            var key = new NamespacedName(profile.SystemNamespace, profile.InjectConfigMap);
            var version = api.GetServerVersionAsync(ct);
            var kubelets = KubeletsAsync(api, process.Clock, ct);
            var found = await api.FindAsync(KnownResources.ConfigMaps, key, ct);
            var isNew = NativeSidecars.AreSupported(await version, await kubelets);
            var source = $"ConfigMap {key} of {cluster.Server.Authority}";
            if (found is not { } map)
                return Nothing($"there is no {source}", isNew, profile);
            return map.Child("data")?.Text(Names.InjectConfigKey) is { } config
                ? new ClusterInjection(config, source, isNew, profile)
                : Nothing($"{source} has no key {Names.InjectConfigKey}", isNew, profile);
        });
    }

    /// <summary>
    /// Returns the versions of the nodes, or none if the user may not list them or if there are too many. Then the API server's version
    /// decides.
    /// </summary>
    private static async Task<IReadOnlyList<string>> KubeletsAsync(KubeApi api, TimeProvider clock, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            var nodes = api.ListAsync(KnownResources.Nodes, ResourceQuery.All, KubeletVersion, stop.Token);
            return (await nodes.WaitAsync(NodesTimeout, clock, ct)).Items;
        }
        catch (Exception e) when (e is KubeStatusException or HttpRequestException or IOException or JsonException or TimeoutException)
        {
            return [];
        }
        finally
        {
            await stop.CancelAsync();
        }
    }

    private static string KubeletVersion(JsonElement node) => node.Child("status")?.Child("nodeInfo")?.Text("kubeletVersion") ?? "";

    private static ClusterInjection Nothing(string reason, bool? hasNativeSidecars = null, Profile? profile = null) =>
        new(null, reason, hasNativeSidecars, profile);
}
