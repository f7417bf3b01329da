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
    public async Task Pod_OfASystemNamespace_IsLeftAsItIs(string ns)
    {
        // It keeps to what a namespace may demand of its pods, where a server enforces that.
        const string restricted = "image: web:1, securityContext: {runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}";
        Assert.Equal(["app"], Containers(await CreateAsync(ns, Pod.Replace("image: web:1", restricted, StringComparison.Ordinal))));
    }

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
    public async Task Sidecar_FitsWhatItsNamespaceAllows()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        await ApplyAsync(ns, """
            apiVersion: v1
            kind: LimitRange
            metadata: {name: sizes}
            spec:
              limits:
              - {type: Container, min: {cpu: 50m, memory: 48Mi}, max: {cpu: 500m, memory: 64Mi}, maxLimitRequestRatio: {cpu: "4"}}
            """);
        // Read by the operator in its own time; without it the API server would refuse the pod.
        var made = await Wait.For(
            async _ => await cluster.KubectlAsync(Pod, Cancelled, "create", "-n", ns, "-f", "-", "-o", "json", "--dry-run=server"),
            run => run.ExitCode == 0 && Containers(JsonElement.Parse(run.Output)).Contains("istio-proxy"),
            "an injected pod that the namespace takes");
        var proxy = JsonElement.Parse(made.Output).At("spec.containers")!.Value.EnumerateArray().Single(c => c.Text("name") == "istio-proxy");
        Assert.Equal(("64Mi", "48Mi", "500m", "125m"), (
            proxy.TextAt("resources.limits.memory"), proxy.TextAt("resources.requests.memory"), proxy.TextAt("resources.limits.cpu"), proxy.TextAt("resources.requests.cpu")));
        Assert.Contains(made.ErrorLines, line => line == "Warning: the sidecar's memory limit is 64Mi in place of 256Mi: LimitRange sizes allows no more");
    }

    [Fact]
    public async Task Sidecar_ThatAQuotaHasNoRoomFor_IsLeftOut_AndThePodIsTaken()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        await ApplyAsync(ns, """
            apiVersion: v1
            kind: ResourceQuota
            metadata: {name: small}
            spec: {hard: {limits.memory: 80Mi}}
            """);
        // The controller's part.
        await cluster.Api.PatchAsync(
            new("", "v1", "resourcequotas", "ResourceQuota"), new(ns, "small"), PatchKind.Merge,
            KubeObjects.Parse("""{"status":{"hard":{"limits.memory":"80Mi"},"used":{"limits.memory":"0"}}}"""), new() { Subresource = "status" }, Cancelled);
        var pod = Pod.Replace("image: web:1", "image: web:1, resources: {limits: {memory: 60Mi}}", StringComparison.Ordinal);
        var run = await Wait.For(
            async _ => await cluster.KubectlAsync(pod, Cancelled, "create", "-n", ns, "-f", "-", "-o", "json", "--dry-run=server"), run => run.ExitCode == 0, "a pod that is taken");
        Assert.Equal(["app"], Containers(JsonElement.Parse(run.Output)));
        Assert.Contains(run.ErrorLines, line => line.StartsWith("Warning: no sidecar is injected: ResourceQuota small leaves too little memory", StringComparison.Ordinal));
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

    private async Task ApplyAsync(string ns, string yaml) => (await cluster.KubectlAsync(yaml, Cancelled, "apply", "-n", ns, "-f", "-")).Expect();

    private static List<string> Containers(JsonElement pod) =>
        [.. new[] { "spec.containers", "spec.initContainers" }.SelectMany(list => pod.At(list)?.EnumerateArray().ToList() ?? []).Select(c => c.Text("name")!)];

    private async Task<JsonElement> CreateAsync(string ns, string yaml, string dryRun = "--dry-run=none") =>
        JsonElement.Parse((await cluster.KubectlAsync(yaml, Cancelled, "create", "-n", ns, "-f", "-", "-o", "json", dryRun)).Expect());

    private async Task<IReadOnlyList<string>> PodsAsync(string ns) =>
        (await cluster.Api.ListAsync(new("", "v1", "pods", "Pod"), new() { Namespace = ns }, pod => pod.Key().Name, Cancelled)).Items;
}
