using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Turnpike.Tests.EndToEnd.Stories;

/// <summary>A running proxy goes on without the control plane.</summary>
public sealed class Outage(Cluster cluster)
{
    [Fact]
    public Task Traffic_DoesNotNoticeThatTheOperatorIsGone() => Story.TellAsync(cluster, "The operator goes, and comes back", async story =>
    {
        await story.DoAsync("install Turnpike", cluster.InstalledAsync);
        await using var place = await Workplace.CreateAsync(cluster, "e2e-outage");
        await story.DoAsync("httpbin behind the ingress", place.ServeHttpbinAsync);
        await place.ApplyAsync(Rule(1));
        // Another story may have ended proxies a moment ago: what their end does to connections is not what this one is about.
        await story.DoAsync("the ingress is as it stays", () => Wait.UntilSeen(
            "as many ingress pods as wanted, all of them Ready",
            TimeSpan.FromSeconds(90),
            () => cluster.Shell.RunAsync("""
                kubectl get pods -n istio-system -l istio=ingress --no-headers | awk '{print $2}' | sort | uniq -c | tr -s ' '
                kubectl get deployment -n istio-system istio-ingress -o jsonpath='{.spec.replicas}'
                """),
            pods => pods.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) is [var ready, var wanted] && ready == $"{wanted} 1/1",
            TimeSpan.FromSeconds(10)));
        await story.DoAsync("a rule in force", () => TimeoutIsAsync(place, 1));

        await using var traffic = Traffic.Start(
            ("kept connection", () => cluster.Edge.GetAsync("/headers", place.Host)),
            ("new connections", () => cluster.Edge.GetOnNewConnectionAsync("/headers", place.Host)));
        await story.DoAsync("scale the operator to nothing", () => cluster.Shell.RunAsync("""
            kubectl scale deployment -n istio-system turnpike-operator --replicas=0 &&
            kubectl wait -n istio-system --for=delete pod -l app.kubernetes.io/name=turnpike-operator --timeout=80s
            """));
        await story.CheckAsync("500 more requests, and none fails", () => traffic.PassAsync(500));
        await story.CheckAsync("the rule is still in force", () => TimeoutIsAsync(place, 1));
        await story.CheckAsync("a RouteRule cannot be changed unchecked, and kubectl says who is missing", async () => Assert.Contains(
            "routerules.turnpike.io", (await place.TryApplyAsync(Rule(2))).Failed(), StringComparison.Ordinal));
        await story.CheckAsync("Ingresses and pods can be made all the same", async () =>
        {
            await place.ApplyAsync(Manifests.Ingress("meanwhile", host: $"meanwhile.{place.Host}"));
            await cluster.Shell.RunAsync($"kubectl run probe -n {place.Namespace} --image docker.io/local/httpbin:1 --dry-run=server -o name");
        });

        await story.DoAsync("scale it to two", async () =>
        {
            var started = Stopwatch.GetTimestamp();
            await cluster.Shell.RunAsync("""
                kubectl scale deployment -n istio-system turnpike-operator --replicas=2 &&
                kubectl wait -n istio-system --for=condition=Available deployment/turnpike-operator --timeout=80s
                """);
            cluster.Measurements.Add("operator scaled from 0 to 2 until Available", Stopwatch.GetElapsedTime(started));
        });
        await story.CheckAsync("what was made meanwhile is served", () => Wait.UntilSeen(
            "the Ingress made without the operator",
            TimeSpan.FromSeconds(20),
            () => cluster.Edge.GetAsync("/headers", $"meanwhile.{place.Host}"),
            answer => answer.Status == 200));
        await story.CheckAsync("rules can be changed again, and come into force", async () =>
        {
            await place.ApplyAsync(Rule(2));
            await TimeoutIsAsync(place, 2);
        });
        await story.CheckAsync("all that time not one request failed", async () =>
        {
            await traffic.PassAsync(100);
            cluster.Measurements.Add("requests while the operator went and came back", traffic.ToString());
        });
    });

    private static string Rule(int seconds) => Manifests.TimeoutRule("timeout", $"{seconds}s");

    /// <summary>The proxy tells the service how long it has.</summary>
    private static async Task TimeoutIsAsync(Workplace place, int seconds) => await Wait.UntilSeen(
        $"a timeout of {seconds} s in force",
        TimeSpan.FromSeconds(10),
        () => place.GetAsync("/headers"),
        answer => Regex.IsMatch(answer.Body, $"\"X-Envoy-Expected-Rq-Timeout-Ms\": *\"{seconds}000\""));
}
