using System.Text.Json;
using Turnpike.Api;
using Turnpike.Hosting.Client;
using Turnpike.Injector;

namespace Turnpike.Cli.Cluster;

/// <summary>What a cluster says about injection, or why it says nothing.</summary>
/// <param name="Config">The text of the ConfigMap that the profile names, key <c>config</c>; null where there is none to be had.</param>
/// <param name="Source">Where the text is from, or the reason why there is none.</param>
/// <param name="HasNativeSidecars">Whether the cluster is new enough to run native sidecars; null where it does not say.</param>
/// <param name="Profile">Of the installation; null where the cluster could not be asked.</param>
internal sealed record ClusterInjection(string? Config, string Source, bool? HasNativeSidecars, Profile? Profile)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PatienceWithNodes = TimeSpan.FromSeconds(2);

    /// <summary>Asks the cluster, but not for long: whatever goes wrong is a reason, not a failure.</summary>
    public static async Task<ClusterInjection> AskAsync(ClusterSettings settings, ProcessContext process, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            // A credential plugin may hold the thread for as long as it likes.
            return await Task.Run(() => AskClusterAsync(settings, process, stop.Token), stop.Token).WaitAsync(Patience, process.Clock, ct);
        }
        catch (TimeoutException)
        {
            return Nothing($"the cluster does not answer within {Patience.TotalSeconds} s");
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

    /// <summary>The versions of the nodes. Not everybody may list them, and there may be very many: then the API server's alone counts.</summary>
    private static async Task<IReadOnlyList<string>> KubeletsAsync(KubeApi api, TimeProvider clock, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            var nodes = api.ListAsync(KnownResources.Nodes, ResourceQuery.All, node => node.Child("status")?.Child("nodeInfo")?.Text("kubeletVersion") ?? "", stop.Token);
            return (await nodes.WaitAsync(PatienceWithNodes, clock, ct)).Items;
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

    private static ClusterInjection Nothing(string reason, bool? hasNativeSidecars = null, Profile? profile = null) => new(null, reason, hasNativeSidecars, profile);
}
