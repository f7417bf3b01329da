using System.Text.Json;

namespace Turnpike.Tests.EndToEnd.Stories;

/// <summary>Which pods get a sidecar, and which do not.</summary>
public sealed class Injection(Cluster cluster)
{
    private const string Proxy = "istio-proxy";

    [Fact]
    public Task Pods_GetTheirSidecarOnce() => Story.TellAsync(cluster, "Pods get their sidecar, once", async story =>
    {
        await story.DoAsync("install Turnpike", cluster.InstalledAsync);
        await using var place = await Workplace.CreateAsync(cluster, "e2e-injection");

        await story.CheckAsync(
            "a pod gets istio-proxy beside its own container",
            async () => Assert.Equal(["probe", Proxy], Containers(await DryRunAsync(place.Namespace))));
        await story.CheckAsync(
            "and no init container, as nothing is intercepted",
            async () =>
                Assert.False((await DryRunAsync(place.Namespace)).GetProperty("spec").TryGetProperty("initContainers", out _)));
        foreach (var system in new[] { "kube-system", "istio-system" })
        {
            await story.CheckAsync(
                $"a pod of {system} does not", async () => Assert.Equal(["probe"], Containers(await DryRunAsync(system))));
        }
        await story.CheckAsync(
            "nor does one that says no",
            async () =>
                Assert.Equal(
                    ["probe"],
                    Containers(
                        await DryRunAsync(
                            place.Namespace,
                            """{"metadata": {"annotations": {"sidecar.istio.io/inject": "false"}}}"""))));
        await story.CheckAsync(
            "nor one in the node's network",
            async () =>
                Assert.Equal(["probe"], Containers(await DryRunAsync(place.Namespace, """{"spec": {"hostNetwork": true}}"""))));

        await story.DoAsync(
            "the document's other way: istioctl kube-inject, then apply",
            () =>
                cluster.Shell.RunAsync(
                    $"""
                            {Documented.StartHttpbinInjected} -n {place.Namespace} &&
                            kubectl wait -n {place.Namespace} --for=condition=Available deployment/httpbin --timeout=80s
                            """));
        await story.CheckAsync(
            "the template has the sidecar, and the webhook adds no second one",
            async () =>
            {
                using var pods = JsonDocument.Parse(
                    await cluster.Shell.RunAsync($"kubectl get pods -n {place.Namespace} -l app=httpbin -o json"));
                Assert.Equal(["httpbin", Proxy], Containers(pods.RootElement.GetProperty("items")[0]));
            });
        await story.CheckAsync(
            "both containers are ready: 2/2",
            async () =>
                Assert.Matches(
                    @"^httpbin-\S+ +2/2 +Running",
                    await cluster.Shell.RunAsync($"kubectl get pods -n {place.Namespace} -l app=httpbin --no-headers")));
    });

    /// <summary>A pod as the API server would store it.</summary>
    private async Task<JsonElement> DryRunAsync(string ns, string overrides = "{}")
    {
        using var pod = JsonDocument.Parse(await cluster.Shell.RunAsync(
            $$"""kubectl run probe -n {{ns}} --image docker.io/local/httpbin:1 --overrides='{{overrides}}' --dry-run=server -o json"""));
        return pod.RootElement.Clone();
    }

    private static IEnumerable<string?> Containers(JsonElement pod) =>
        pod.GetProperty("spec").GetProperty("containers").EnumerateArray().Select(container => container.GetProperty("name").GetString());
}
