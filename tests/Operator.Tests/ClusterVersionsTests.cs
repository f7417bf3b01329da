using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Turnpike.Operator;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.ControlPlane;
using Turnpike.Tests.Support.FakeApiServer;
using Turnpike.Webhooks;

namespace Turnpike.Tests.Operator;

/// <summary>The whole operator before API servers of several ages: whether it would make native sidecars.</summary>
public sealed class ClusterVersionsTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OldestNode_Decides_AndItsUpgradeIsSeen()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var app = await StartAsync(cluster);
        var versions = app.Services.GetRequiredService<ClusterVersions>();
        await UntilAsync(() => versions is { IsSettled: true, HasNativeSidecars: true });
        Put("a", "v1.35.0");
        Put("b", "v1.28.15-gke.1");
        await UntilAsync(() => !versions.HasNativeSidecars);
        Put("b", "v1.29.1-gke.7");
        await UntilAsync(() => versions.HasNativeSidecars);
        Put("c", "");
        await UntilAsync(() => !versions.HasNativeSidecars);
        cluster.Api.Remove("v1/nodes", "", "c");
        await UntilAsync(() => versions.HasNativeSidecars);
        await app.StopAsync(new CancellationToken(canceled: true));

        void Put(string name, string kubelet) =>
            cluster.Api.Put(
                "v1/nodes",
                "",
                name,
                new JsonObject { ["status"] = new JsonObject { ["nodeInfo"] = new JsonObject { ["kubeletVersion"] = kubelet } } });
    }

    /// <summary>Unknown is old: an ordinary sidecar runs everywhere. It keeps no operator from its work.</summary>
    [Theory]
    [InlineData("1.28", null, false)]
    [InlineData("1.29", null, true)]
    [InlineData("1.35", "/version", false)]
    public async Task ApiServer_IsAsked(string version, string? refused, bool isNative)
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Api.ServerVersion = version;
        cluster.Api.Faults = request => request.Path == refused ? new Fault(403) : null;
        await using var app = await StartAsync(cluster);
        var versions = app.Services.GetRequiredService<ClusterVersions>();
        await UntilAsync(() => versions.IsSettled);
        Assert.Equal(isNative, versions.HasNativeSidecars);

        // It is asked again, soon while it is not known.
        cluster.Api.Faults = null;
        if (refused is not null)
            await UntilAsync(() => versions.HasNativeSidecars);
        await app.StopAsync(new CancellationToken(canceled: true));
    }

    private static async Task<WebApplication> StartAsync(Cluster cluster)
    {
        var ports = FreePorts.Take(3);
        var options = new OperatorOptions(cluster.WriteKubeconfig(), "operator-1", "127.0.0.1", "image", cluster.TokenFile)
        {
            WebhookPort = ports[0],
            DiscoveryPort = ports[1],
            HealthPort = ports[2],
        };
        var app = OperatorHost.Build(options);
        await app.StartAsync(Cancelled);
        return app;
    }

    private static Task UntilAsync(Func<bool> condition) => Wait.Until(condition, "what the cluster knows");
}
