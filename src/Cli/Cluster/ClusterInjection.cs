using Turnpike.Api;
using Turnpike.Hosting.Api;

namespace Turnpike.Cli.Cluster;

/// <summary>What a cluster says about injection, or why it says nothing.</summary>
/// <param name="Config">The text of ConfigMap <c>istio-inject</c>, key <c>config</c>; null where there is none to be had.</param>
/// <param name="Source">Where the text is from, or the reason why there is none.</param>
/// <param name="HasNativeSidecars">Whether the cluster is new enough to run native sidecars.</param>
internal sealed record ClusterInjection(string? Config, string Source, bool HasNativeSidecars)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly Version FirstWithNativeSidecars = new(1, 29);

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
        var key = new Hosting.Api.ObjectKey(settings.IstioNamespace, Names.InjectConfigMap);
        return await cluster.RunAsync(async api =>
        {
            var version = api.GetServerVersionAsync(ct);
            var found = await api.FindAsync(Resources.ConfigMaps, key, ct);
            var isNew = await version >= FirstWithNativeSidecars;
            var source = $"ConfigMap {key} of {cluster.Server.Authority}";
            if (found is not { } map)
                return Nothing($"there is no {source}", isNew);
            return map.Child("data")?.Text(Names.InjectConfigKey) is { } config
                ? new ClusterInjection(config, source, isNew)
                : Nothing($"{source} has no key {Names.InjectConfigKey}", isNew);
        });
    }

    private static ClusterInjection Nothing(string reason, bool hasNativeSidecars = false) => new(null, reason, hasNativeSidecars);
}
