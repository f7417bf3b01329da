using System.Text.Json;
using Turnpike.Hosting.Client;
using Turnpike.Operator;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Kubernetes;

namespace Turnpike.Tests.Integration.ControlPlane;

/// <summary>A second replica of the whole operator.</summary>
[Collection<WithOperator>]
public sealed class ReplicaTests(OperatorFixture cluster)
{
    private static readonly ResourceRef Leases = new("coordination.k8s.io", "v1", "leases", "Lease");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SecondReplica_IsReady_AndTakesOverAtOnce_WhenTheLeaderIsToldToStop()
    {
        Assert.Equal("replica-a", await HolderAsync());
        var options = await cluster.NewReplicaAsync("replica-b");
        await using (var second = await OperatorFixture.RunAsync(options))
        {
            // It shares the first one's CA, so it is trusted without another caBundle.
            var bundle = await BundleAsync();
            await OperatorFixture.ReadyAsync(options);
            Assert.Equal(bundle, await BundleAsync());
            Assert.Equal("replica-a", await HolderAsync());

            await cluster.StopAsync();
            try
            {
                // Far sooner than the Lease would run out.
                await Wait.For(_ => HolderAsync(), holder => holder == "replica-b", "the handover", TimeSpan.FromSeconds(10));
                await cluster.KubectlAsync(Cancelled, "scale", "deployment", "istio-ingress", "-n", "istio-system", "--replicas=9");
                await Wait.For(
                    ct => cluster.Api.GetAsync(Kind.Deployments, new("istio-system", "istio-ingress"), ct),
                    deployment => deployment.TextAt("spec.replicas") == "2",
                    "the second replica to repair what drifts");
            }
            finally
            {
                await cluster.StartAsync();
                await second.StopAsync(Cancelled);
            }
        }
        await Wait.For(_ => HolderAsync(), holder => holder == "replica-a", "the way back", TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task SecondApply_LeavesTheCaBundleInPlace()
    {
        var before = await BundleAsync();
        Assert.NotEqual("", before);
        var manifest = Path.Combine(ApiServer.Repository, "config", "webhooks", "webhooks.yaml");
        var applied = JsonElement.Parse(await cluster.KubectlAsync(Cancelled, "apply", "-f", manifest, "--dry-run=server", "-o", "json"));
        var validating = applied.At("items")!.Value.EnumerateArray().Single(item => item.Text("kind") == "ValidatingWebhookConfiguration");
        Assert.Equal(
            before,
            string.Join(' ', validating.At("webhooks")!.Value.EnumerateArray().Select(webhook => webhook.TextAt("clientConfig.caBundle"))));
    }

    private async Task<string?> HolderAsync() =>
        (await cluster.Api.GetAsync(Leases, new("istio-system", Deployed.Lease), Cancelled)).TextAt("spec.holderIdentity");

    private Task<string> BundleAsync() =>
        cluster.KubectlAsync(
            Cancelled, "get", "validatingwebhookconfiguration", "turnpike", "-o", "jsonpath={.webhooks[*].clientConfig.caBundle}");
}
