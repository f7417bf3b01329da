using Microsoft.Extensions.DependencyInjection;
using Turnpike.Discovery;
using Turnpike.Tests.Integration.ControlPlane;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Integration.Install;

public sealed class InstallOverForeignMeshTests(ForeignMeshFixture cluster) : IClassFixture<ForeignMeshFixture>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task NothingOfTheMesh_IsChanged_ByInstallingOnceOrTwice_NorByTheOperator()
    {
        await Wait.For(
            ct => cluster.KubectlAsync(ct, "get", "configmaps", "-n", "istio-system", "-o", "name"), names => names.Contains("istio-inject", StringComparison.Ordinal), "the missing settings");
        Assert.Equal(cluster.Before, await ForeignMesh.LookAsync(cluster, Cancelled));
        await cluster.ApplyAsync(Cancelled, "-f", cluster.Manifest);
        await cluster.LeadHereAsync();
        Assert.Equal(cluster.Before, await ForeignMesh.LookAsync(cluster, Cancelled));
    }

    [Fact]
    public async Task ForeignClass_IsToldOf_AndItsIngressesAreLeftAlone()
    {
        await Wait.For(
            ct => cluster.KubectlAsync(ct, "get", "events", "-A", "-o", "jsonpath={range .items[*]}{.involvedObject.kind} {.reason} {.message}{\"\\n\"}{end}"),
            events => events.Contains($"IngressClass ForeignIngressClass IngressClass istio belongs to the controller {ForeignMesh.Controller}", StringComparison.Ordinal),
            "an event");
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        (await cluster.KubectlAsync(IngressAdmissionTests.Ingress("theirs", $"{ns}.example.com", "web", 80), Cancelled, "create", "-n", ns, "-f", "-")).Expect();
        var states = cluster.Running.Services.GetRequiredService<DiscoveryStates>();
        await Wait.Until(() => states.Current!.Snapshot.Ingresses.Any(i => i.Metadata.Namespace == ns), "the Ingress to be seen");
        Assert.Empty(states.Current!.Table.FindListener("http")!.Hosts.All);
        Assert.Equal("", await cluster.KubectlAsync(Cancelled, "get", "ingress", "theirs", "-n", ns, "-o", "jsonpath={.status.loadBalancer.ingress}"));
    }
}
