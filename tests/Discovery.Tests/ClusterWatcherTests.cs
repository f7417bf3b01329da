using Microsoft.Extensions.Logging.Abstractions;
using Turnpike.Discovery;
using Turnpike.Hosting.Client;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.ControlPlane;

namespace Turnpike.Tests.Discovery;

public sealed class ClusterWatcherTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Changes that arrive between the first one and the snapshot are in it: they call for no further table.</summary>
    [Fact]
    public async Task ChangesThatASnapshotHolds_AreNoNews()
    {
        await using var cluster = await Cluster.StartAsync();
        using var api = new KubeApi(KubeEndpoint.At(cluster.Api.Url));
        var watcher = new ClusterWatcher(api, Turnpike.Api.Profile.Istio2017, NullLoggerFactory.Instance, TimeProvider.System);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var synced = new TaskCompletionSource();
        var running = watcher.RunAsync(synced.SetResult, end.Token);
        await synced.Task.WaitAsync(Cancelled);
        watcher.Snapshot();
        var first = watcher.WaitForChangeAsync(Cancelled);
        Assert.False(first.IsCompleted);

        cluster.AddIngress("shop");
        await first;
        cluster.AddIngress("blog");
        await Wait.Until(() => watcher.Snapshot().Snapshot.Ingresses.Length == 3, "both changes");
        Assert.False(watcher.WaitForChangeAsync(Cancelled).IsCompleted);

        var next = watcher.WaitForChangeAsync(Cancelled);
        cluster.AddIngress("news");
        await next;
        await end.CancelAsync();
        await running;
    }
}
