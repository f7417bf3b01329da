using System.Text.Json;
using Turnpike.Hosting.Client;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Kubernetes;

namespace Turnpike.Tests.Integration.ControlPlane;

/// <summary>The objects of the managed ingress. Nothing here runs them.</summary>
[Collection<WithOperator>]
public sealed class ManagedProxyTests(OperatorFixture cluster)
{
    /// <summary>The promised time for a repair, which in fact takes milliseconds.</summary>
    private static readonly TimeSpan RepairLimit = TimeSpan.FromSeconds(5);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("deployment")]
    [InlineData("service")]
    [InlineData("serviceaccount")]
    [InlineData("poddisruptionbudget")]
    public async Task Object_ThatIsDeleted_IsMadeAgain(string kind)
    {
        var before = await UidAsync(kind);
        Assert.NotEqual("", before);
        await cluster.KubectlAsync(Cancelled, "delete", kind, "istio-ingress", "-n", "istio-system", "--wait=false");
        await Wait.For(_ => UidAsync(kind), uid => uid.Length > 0 && uid != before, $"another {kind}", RepairLimit);
    }

    [Theory]
    [InlineData("deployment", ".spec.replicas", """{"spec":{"replicas":7}}""")]
    [InlineData(
        "deployment",
        ".spec.template.spec.containers[*].image",
        """{"spec":{"template":{"spec":{"containers":[{"name":"istio-proxy","image":"evil:1"}]}}}}""")]
    [InlineData("service", ".spec.selector.istio", """{"spec":{"selector":{"istio":"nobody"}}}""")]
    [InlineData("service", ".spec.ports[0].targetPort", """{"spec":{"ports":[{"port":80,"targetPort":1}]}}""")]
    [InlineData("poddisruptionbudget", ".spec.maxUnavailable", """{"spec":{"maxUnavailable":2}}""")]
    public async Task Field_ThatIsEdited_IsSetRight(string kind, string field, string edit)
    {
        var right = await FieldAsync(kind, field);
        await cluster.KubectlAsync(Cancelled, "patch", kind, "istio-ingress", "-n", "istio-system", "-p", edit);
        await Wait.For(_ => FieldAsync(kind, field), value => value == right, $"{field} {right}", RepairLimit);
    }

    [Fact]
    public async Task Fields_OfOthers_Stay_AndARoundThatFindsNothingWrites_Nothing()
    {
        var key = new NamespacedName("istio-system", "istio-ingress");
        await cluster.KubectlAsync(
            Cancelled, "annotate", "service,deployment", "istio-ingress", "-n", "istio-system", "--overwrite", "note=mine");

        // The other object drifts, so a round is due that looks at all of them.
        await cluster.KubectlAsync(Cancelled, "scale", "deployment", "istio-ingress", "-n", "istio-system", "--replicas=5");
        await Wait.For(_ => FieldAsync("deployment", ".spec.replicas"), value => value == "2", "2 replicas", RepairLimit);
        var settled = await VersionsAsync();
        await cluster.KubectlAsync(Cancelled, "delete", "poddisruptionbudget", "istio-ingress", "-n", "istio-system", "--wait=false");
        await Wait.For(_ => UidAsync("poddisruptionbudget"), uid => uid.Length > 0, "another poddisruptionbudget", RepairLimit);
        await cluster.KubectlAsync(Cancelled, "delete", "serviceaccount", "istio-ingress", "-n", "istio-system", "--wait=false");
        await Wait.For(_ => UidAsync("serviceaccount"), uid => uid.Length > 0, "another serviceaccount", RepairLimit);
        Assert.Equal(settled, await VersionsAsync());
        Assert.Equal("mine", (await cluster.Api.GetAsync(Kind.Deployments, key, Cancelled)).TextAt("metadata.annotations.note"));

        async Task<(string, string)> VersionsAsync() =>
            (
                (await cluster.Api.GetAsync(Kind.Deployments, key, Cancelled)).ResourceVersion(),
                (await cluster.Api.GetAsync(Kind.Services, key, Cancelled)).ResourceVersion());
    }

    [Fact]
    public async Task Settings_OfTheMesh_AreFollowed()
    {
        const string field = ".spec.template.spec.containers[*].image";
        Assert.Equal(cluster.Options.ProxyImage, await FieldAsync("deployment", field));
        var settings = await cluster.KubectlAsync(
            Cancelled, "get", "configmap", "istio", "-n", "istio-system", "-o", "jsonpath={.data.mesh}");
        try
        {
            await SetAsync(settings + "\ningressProxy: {image: \"mine:2\", replicas: 3}\n");
            await Wait.For(_ => FieldAsync("deployment", field), image => image == "mine:2", "another image", RepairLimit);
            Assert.Equal("3", await FieldAsync("deployment", ".spec.replicas"));
        }
        finally
        {
            await SetAsync(settings);
        }
        await Wait.For(
            _ => FieldAsync("deployment", field), image => image == cluster.Options.ProxyImage, "the image as before", RepairLimit);

        Task SetAsync(string text) => cluster.Api.MergeAsync(
            Kind.ConfigMaps, new("istio-system", "istio"), $$"""{"data":{"mesh":{{JsonSerializer.Serialize(text)}}} }""", Cancelled);
    }

    [Fact]
    public async Task CaBundle_ThatIsBroken_IsSetRight()
    {
        const string field = ".webhooks[*].clientConfig.caBundle";
        foreach (var kind in new[] { "validatingwebhookconfiguration", "mutatingwebhookconfiguration" })
        {
            var right = await WebhookAsync(kind);
            await cluster.KubectlAsync(
                Cancelled,
                "patch",
                kind,
                "turnpike",
                "--type=json",
                "-p",
                """[{"op":"remove","path":"/webhooks/0/clientConfig/caBundle"}]""");
            await Wait.For(_ => WebhookAsync(kind), bundles => bundles == right, $"the caBundle of the {kind}", RepairLimit);
        }

        Task<string> WebhookAsync(string kind) => cluster.KubectlAsync(Cancelled, "get", kind, "turnpike", "-o", $"jsonpath={{{field}}}");
    }

    private Task<string> UidAsync(string kind) => FieldAsync(kind, ".metadata.uid");

    /// <summary>Empty where the object is not there.</summary>
    private Task<string> FieldAsync(string kind, string field) =>
        cluster.KubectlAsync(
            Cancelled, "get", kind, "istio-ingress", "-n", "istio-system", "--ignore-not-found", "-o", $"jsonpath={{{field}}}");
}
