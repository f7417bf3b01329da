using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Turnpike.Hosting.Client;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Kubernetes;
using Turnpike.Webhooks;

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
        var made = await CreateAsync(
            ns, Pod.Replace("  labels:", "  annotations: {sidecar.istio.io/inject: \"false\"}\n  labels:", StringComparison.Ordinal));
        Assert.Equal(["app"], Containers(made));
    }

    [Theory]
    [InlineData("istio-system")]
    [InlineData("kube-system")]
    public async Task Pod_OfASystemNamespace_IsLeftAsItIs(string ns)
    {
        // It keeps to what a namespace may demand of its pods, where a server enforces that.
        const string restricted =
            "image: web:1, securityContext: {runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, "
                + "seccompProfile: {type: RuntimeDefault}}";
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
            Pod.Replace("  labels:", "  annotations: {sidecar.istio.io/proxyCPU: much}\n  labels:", StringComparison.Ordinal),
            Cancelled,
            "create",
            "-n",
            ns,
            "-f",
            "-");
        run.Expect();
        Assert.Contains(
            run.ErrorLines,
            line =>
                line.StartsWith(
                    "Warning: no sidecar is injected: metadata.annotations[sidecar.istio.io/proxyCPU]: ", StringComparison.Ordinal));
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
        var proxy = AllContainers(JsonElement.Parse(made.Output)).Single(c => c.Text("name") == "istio-proxy");
        Assert.Equal(
            ("64Mi", "48Mi", "500m", "125m"),
            (
                proxy.TextAt("resources.limits.memory"),
                proxy.TextAt("resources.requests.memory"),
                proxy.TextAt("resources.limits.cpu"),
                proxy.TextAt("resources.requests.cpu")));
        Assert.Contains(
            made.ErrorLines,
            line => line == "Warning: the sidecar's memory limit is 64Mi instead of 256Mi: LimitRange sizes allows no more");
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
            new("", "v1", "resourcequotas", "ResourceQuota"),
            new(ns, "small"),
            PatchKind.Merge,
            KubeObjects.Parse("""{"status":{"hard":{"limits.memory":"80Mi"},"used":{"limits.memory":"0"}}}"""),
            new() { Subresource = "status" },
            Cancelled);
        var pod = Pod.Replace("image: web:1", "image: web:1, resources: {limits: {memory: 60Mi}}", StringComparison.Ordinal);
        var run = await Wait.For(
            async _ => await cluster.KubectlAsync(pod, Cancelled, "create", "-n", ns, "-f", "-", "-o", "json", "--dry-run=server"),
            run => run.ExitCode == 0,
            "a pod that is taken");
        Assert.Equal(["app"], Containers(JsonElement.Parse(run.Output)));
        Assert.Contains(
            run.ErrorLines,
            line =>
                line.StartsWith("Warning: no sidecar is injected: ResourceQuota small leaves too little memory", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Settings_AreFollowed()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        var settings = await cluster.KubectlAsync(
            Cancelled, "get", "configmap", "istio-inject", "-n", "istio-system", "-o", "jsonpath={.data.config}");
        try
        {
            await SetAsync(settings.Replace("namespaces: [\"\"]", $"excludeNamespaces: [{ns}]", StringComparison.Ordinal));
            await Wait.For(
                async _ => Containers(await CreateAsync(ns, Pod, "--dry-run=server")),
                containers => !containers.Contains("istio-proxy"),
                "the namespace to be left out");
        }
        finally
        {
            await SetAsync(settings);
        }
        await Wait.For(
            async _ => Containers(await CreateAsync(ns, Pod, "--dry-run=server")),
            containers => containers.Contains("istio-proxy"),
            "the namespace to be taken in again");

        Task SetAsync(string text) =>
            cluster.Api.MergeAsync(
                Kind.ConfigMaps,
                new("istio-system", "istio-inject"),
                $$"""{"data":{"config":{{JsonSerializer.Serialize(text)}}} }""",
                Cancelled);
    }

    /// <summary>An image that a pod names for itself is proven by proxies that run it, for as long as one does.</summary>
    [Fact]
    public async Task Pod_WhoseProxyNobodyHasSeenRun_GetsNone_UntilOneIsReady()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        const string image = "registry.example.com/canary/proxy:2";
        var pod = Pod.Replace("  labels:", $"  annotations: {{sidecar.istio.io/proxyImage: {image}}}\n  labels:", StringComparison.Ordinal);
        var run = await cluster.KubectlAsync(pod, Cancelled, "create", "-n", ns, "-f", "-", "-o", "json");
        Assert.Equal(["app"], Containers(JsonElement.Parse(run.Expect())));
        Assert.Contains(
            $"Warning: no sidecar is injected: ImageNotProven: no proxy of image {image} has been ready in this cluster yet; pods get "
                + "it once one has, such as the managed ingress",
            run.ErrorLines);

        await cluster.ProveAsync(new(ns, "canary"), image);
        var made = await Wait.For(
            async _ => await CreateAsync(ns, pod, "--dry-run=server"),
            made => Containers(made).Contains("istio-proxy"),
            "the image to be proven");
        Assert.Contains(image, made.GetRawText(), StringComparison.Ordinal);
        await cluster.KubectlAsync(Cancelled, "delete", "pod", "canary", "-n", ns, "--now");
        await Wait.For(
            async _ => Containers(await CreateAsync(ns, pod, "--dry-run=server")),
            containers => !containers.Contains("istio-proxy"),
            "the proof to go with its pod");
    }

    /// <summary>
    /// The old image does not stand in for a new one that has not run; what was proven stays so, whoever asks and whenever.
    /// </summary>
    [Fact]
    public async Task NewImageOfTheSettings_HasToBeProven_AndTheOldOneStaysSo()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        await RecordedAsync(cluster.Options.ProxyImage);
        // All that runs it goes: only the record is left.
        await cluster.KubectlAsync(Cancelled, "delete", "pod", "proof", "-n", "istio-system", "--now");
        var settings = await cluster.KubectlAsync(
            Cancelled, "get", "configmap", "istio-inject", "-n", "istio-system", "-o", "jsonpath={.data.config}");
        try
        {
            await SetAsync($"{settings}\nproxyImage: registry.example.com/proxy:broken\n");
            await Wait.For(
                async _ => Containers(await CreateAsync(ns, Pod, "--dry-run=server")),
                containers => !containers.Contains("istio-proxy"),
                "pods to be left alone");
            await Wait.For(
                ct => cluster.Api.FindAsync(Kind.ConfigMaps, new("istio-system", "turnpike-status"), ct),
                status =>
                    status
                        ?.TextAt("data.injection")
                        ?.StartsWith("ImageNotProven: no proxy of image registry.example.com/proxy:broken", StringComparison.Ordinal)
                        is true,
                "the leader's word that pods wait");
        }
        finally
        {
            await SetAsync(settings);
        }
        await Wait.For(
            async _ => Containers(await CreateAsync(ns, Pod, "--dry-run=server")),
            containers => containers.Contains("istio-proxy"),
            "the old image again");

        await cluster.StopAsync();
        await cluster.StartAsync();
        Assert.Contains("istio-proxy", Containers(await CreateAsync(ns, Pod, "--dry-run=server")));
        await RecordedAsync(cluster.Options.ProxyImage);
        await using var second = await OperatorFixture.RunAsync(await cluster.NewReplicaAsync("replica-b"));
        await Wait.For(
            _ => Task.FromResult(second.Services.GetRequiredService<ImageProofs>().IsProven(cluster.Options.ProxyImage)),
            proven => proven,
            "another replica to know");
        await second.StopAsync(Cancelled);

        Task RecordedAsync(string image) => Wait.For(
            ct => cluster.Api.FindAsync(Kind.ConfigMaps, new("istio-system", "turnpike-status"), ct),
            status => status?.TextAt("data.provenImages")?.Split('\n').Contains(image) is true,
            "the leader's record");

        Task SetAsync(string text) =>
            cluster.Api.MergeAsync(
                Kind.ConfigMaps,
                new("istio-system", "istio-inject"),
                $$"""{"data":{"config":{{JsonSerializer.Serialize(text)}}} }""",
                Cancelled);
    }

    /// <summary>The versions of the API server and of the oldest node decide, on old servers and new ones alike.</summary>
    [Fact]
    public async Task NativeSidecars_AreMade_WhereServerAndOldestNodeKnowThem()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        var isNew = await cluster.Api.GetServerVersionAsync(Cancelled) >= new Version(1, 29);
        try
        {
            await NodeAsync("new", "v1.33.1");
            await IsNativeAsync(isNew);
            await NodeAsync("old", "v1.28.9-custom.1");
            await IsNativeAsync(false);
            await NodeAsync("old", "v1.29.0");
            await IsNativeAsync(isNew);
        }
        finally
        {
            await cluster.KubectlAsync(CancellationToken.None, "delete", "node", "new", "old", "--ignore-not-found");
        }

        async Task NodeAsync(string name, string version)
        {
            (
                await cluster.KubectlAsync($"apiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\n", Cancelled, "apply", "-f", "-")
            ).Expect();
            var status = KubeObjects.Parse(
                $$$"""{"status":{"nodeInfo":{"machineID":"","systemUUID":"","bootID":"","kernelVersion":"","osImage":"","containerRuntimeVersion":"","kubeProxyVersion":"","operatingSystem":"linux","architecture":"amd64","kubeletVersion":"{{{version}}}"} } }"""
            );
            await cluster.Api.PatchAsync(
                Kind.Nodes, NamespacedName.ClusterScoped(name), PatchKind.Merge, status, new() { Subresource = "status" }, Cancelled);
        }

        Task IsNativeAsync(bool expected) =>
            Wait.For(
                async _ =>
                    (await CreateAsync(ns, Pod, "--dry-run=server"))
                        .At("spec.initContainers")
                        ?.GetRawText()
                        .Contains("istio-proxy", StringComparison.Ordinal)
                        is true,
                native => native == expected,
                $"native sidecars: {expected}");
    }

    private async Task ApplyAsync(string ns, string yaml) =>
        (await cluster.KubectlAsync(yaml, Cancelled, "apply", "-n", ns, "-f", "-")).Expect();

    private static List<string> Containers(JsonElement pod) => [.. AllContainers(pod).Select(c => c.Text("name")!)];

    /// <summary>A native sidecar is among the init containers.</summary>
    private static IEnumerable<JsonElement> AllContainers(JsonElement pod) =>
        new[] { "spec.containers", "spec.initContainers" }.SelectMany(list => pod.At(list)?.EnumerateArray().ToList() ?? []);

    private async Task<JsonElement> CreateAsync(string ns, string yaml, string dryRun = "--dry-run=none") =>
        JsonElement.Parse((await cluster.KubectlAsync(yaml, Cancelled, "create", "-n", ns, "-f", "-", "-o", "json", dryRun)).Expect());

    private async Task<IReadOnlyList<string>> PodsAsync(string ns) =>
        (await cluster.Api.ListAsync(new("", "v1", "pods", "Pod"), new() { Namespace = ns }, pod => pod.Key().Name, Cancelled)).Items;
}
