using System.Text.Json;
using Turnpike.Hosting.Api;
using Turnpike.Tests.Integration.Support;

namespace Turnpike.Tests.Integration.ControlPlane;

/// <summary>Pods as the API server stores them.</summary>
[Collection<WithOperator>]
public sealed class InjectionTests(OperatorFixture cluster)
{
    // The controllers' way: the pod leaves its namespace to the request. ServiceAccounts are nobody's here, so it names one.
    private const string Pod = """
        apiVersion: v1
        kind: Pod
        metadata:
          generateName: web-
          labels: {app: web}
        spec:
          serviceAccountName: default
          containers: [{name: app, image: web:1, ports: [{containerPort: 8080}]}]
        """;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("--dry-run=server")]
    [InlineData("--dry-run=none")]
    public async Task Pod_GetsTheSidecar(string dryRun)
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        var made = await CreateAsync(ns, Pod, dryRun);
        Assert.Contains("istio-proxy", Containers(made));
        Assert.Contains("app", Containers(made));
        Assert.NotNull(made.At("metadata.annotations")!.Value.Text("sidecar.istio.io/status"));
        Assert.Equal(dryRun == "--dry-run=none" ? 1 : 0, (await PodsAsync(ns)).Count);
    }

    [Fact]
    public async Task Pod_ThatDeclines_IsLeftAsItIs()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        var made = await CreateAsync(ns, Pod.Replace("  labels:", "  annotations: {sidecar.istio.io/inject: \"false\"}\n  labels:", StringComparison.Ordinal));
        Assert.Equal(["app"], Containers(made));
    }

    [Theory]
    [InlineData("istio-system")]
    [InlineData("kube-system")]
    public async Task Pod_OfASystemNamespace_IsLeftAsItIs(string ns) => Assert.Equal(["app"], Containers(await CreateAsync(ns, Pod)));

    [Fact]
    public async Task Pod_OfANamespaceThatDeclines_IsNotEvenAskedAbout()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        await cluster.KubectlAsync(Cancelled, "label", "namespace", ns, "turnpike.io/inject=false");

        // The API server looks at namespaces through a cache of its own.
        await Wait.For(
            async _ => Containers(await CreateAsync(ns, Pod)), containers => !containers.Contains("istio-proxy"), "a pod without sidecar");
    }

    [Fact]
    public async Task Pod_WithABadSetting_PassesWithAWarning()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        var run = await cluster.KubectlAsync(
            Pod.Replace("  labels:", "  annotations: {sidecar.istio.io/proxyCPU: much}\n  labels:", StringComparison.Ordinal), Cancelled, "create", "-n", ns, "-f", "-");
        run.Expect();
        Assert.Contains(
            run.ErrorLines, line => line.StartsWith("Warning: no sidecar is injected: metadata.annotations[sidecar.istio.io/proxyCPU]: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Settings_AreFollowed()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        var settings = await cluster.KubectlAsync(Cancelled, "get", "configmap", "istio-inject", "-n", "istio-system", "-o", "jsonpath={.data.config}");
        try
        {
            await SetAsync(settings.Replace("namespaces: [\"\"]", $"excludeNamespaces: [{ns}]", StringComparison.Ordinal));
            await Wait.For(
                async _ => Containers(await CreateAsync(ns, Pod, "--dry-run=server")), containers => !containers.Contains("istio-proxy"), "the namespace to be left out");
        }
        finally
        {
            await SetAsync(settings);
        }
        await Wait.For(
            async _ => Containers(await CreateAsync(ns, Pod, "--dry-run=server")), containers => containers.Contains("istio-proxy"), "the namespace to be taken in again");

        Task SetAsync(string text) => cluster.Api.MergeAsync(
            Kind.ConfigMaps, new("istio-system", "istio-inject"), $$"""{"data":{"config":{{JsonSerializer.Serialize(text)}}} }""", Cancelled);
    }

    private static List<string> Containers(JsonElement pod) =>
        [.. new[] { "spec.containers", "spec.initContainers" }.SelectMany(list => pod.At(list)?.EnumerateArray().ToList() ?? []).Select(c => c.Text("name")!)];

    private async Task<JsonElement> CreateAsync(string ns, string yaml, string dryRun = "--dry-run=none") =>
        JsonElement.Parse((await cluster.KubectlAsync(yaml, Cancelled, "create", "-n", ns, "-f", "-", "-o", "json", dryRun)).Expect());

    private async Task<IReadOnlyList<string>> PodsAsync(string ns) =>
        (await cluster.Api.ListAsync(new("", "v1", "pods", "Pod"), new() { Namespace = ns }, pod => pod.Key().Name, Cancelled)).Items;
}
