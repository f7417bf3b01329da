using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Turnpike.Tests.EndToEnd.Stories;

/// <summary>Measures times and memory on this machine. The bounds are wide: they catch what is broken, not what is slow.</summary>
public sealed partial class Speed(Cluster cluster)
{
    private const int Rounds = 100;

    [Fact]
    public Task Changes_AreInForceQuickly() => Story.TellAsync(cluster, "How quick it is", async story =>
    {
        await story.DoAsync("install Turnpike", cluster.InstalledAsync);
        await using var place = await Workplace.CreateAsync(cluster, "e2e-speed");
        await story.DoAsync("httpbin behind the ingress", place.ServeHttpbinAsync);
        await story.CheckAsync("a rule, from its apply to its effect", () => PropagationAsync(place));
        await story.CheckAsync("webhooks, seen from their callers", () => WebhooksAsync(place));
        await story.CheckAsync("memory", MemoryAsync);
    });

    /// <summary>Uses a redirect, because it is a local reply: no service blurs the measurement.</summary>
    private async Task PropagationAsync(Workplace place)
    {
        var rules = $"/apis/config.istio.io/v1alpha2/namespaces/{place.Namespace}/routerules";
        await cluster.Api.SendAsync(HttpMethod.Post, rules, Redirect("round", 0));
        await InForceAsync(place, 0);
        List<TimeSpan> fromRequest = [], fromAnswer = [];
        for (var round = 1; round <= Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            var accepted = await cluster.Api.SendAsync(HttpMethod.Patch, $"{rules}/round", Redirect("round", round), "application/merge-patch+json");
            await InForceAsync(place, round);
            var took = Stopwatch.GetElapsedTime(started);
            fromRequest.Add(took);
            fromAnswer.Add(took - accepted);
        }
        cluster.Measurements.Add("a changed RouteRule: from sending it to the API server until it is enforced", fromRequest);
        cluster.Measurements.Add("… from the API server's answer on", fromAnswer);
        Assert.True(fromRequest.Order().ElementAt(Rounds / 2) < TimeSpan.FromSeconds(1), "the median is above a second");
    }

    /// <summary>Looks without a pause, as it is this wait that is measured.</summary>
    private static async Task InForceAsync(Workplace place, int round)
    {
        var wanted = string.Create(CultureInfo.InvariantCulture, $"/round-{round}");
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var answer = await place.GetAsync("/moved");
            if (answer.Location?.EndsWith(wanted, StringComparison.Ordinal) == true)
                return;
            if (Stopwatch.GetElapsedTime(started) > TimeSpan.FromSeconds(10))
                Assert.Fail($"round {round} is not in force after 10 s: {answer}, location {answer.Location}");
        }
    }

    private static string Redirect(string name, int round) => $$"""
        {
          "apiVersion": "config.istio.io/v1alpha2", "kind": "RouteRule", "metadata": {"name": "{{name}}" },
          "spec": {
            "destination": {"name": "httpbin"},
            "match": {"request": {"headers": {
              "uri": {"exact": "/moved"}
            } } },
            "redirect": {"uri": "/round-{{round}}" }
          }
        }
        """;

    private async Task WebhooksAsync(Workplace place)
    {
        const string spec = """{"containers": [{"name": "probe", "image": "probe"}]}""";
        var probe = """ "metadata": {"name": "probe"} """;
        var pod = $$"""{"apiVersion": "v1", "kind": "Pod", {{probe}}, "spec": {{spec}} }""";
        var template = $$"""{"apiVersion": "v1", "kind": "PodTemplate", {{probe}}, "template": {"spec": {{spec}} } }""";
        var ingress = """
            {
              "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
              "metadata": {"name": "probe", "annotations": {"kubernetes.io/ingress.class": "istio"}},
              "spec": {"defaultBackend": {"service": {"name": "httpbin", "port": {"number": 8000}}}}
            }
            """;
        var before = await WebhookTimesAsync();
        foreach (var (what, path, body) in new[]
        {
            ("a PodTemplate, which no webhook is asked about", $"/api/v1/namespaces/{place.Namespace}/podtemplates", template),
            ("a RouteRule, validated", $"/apis/config.istio.io/v1alpha2/namespaces/{place.Namespace}/routerules", Redirect("probe", 0)),
            ("an Ingress, validated", $"/apis/networking.k8s.io/v1/namespaces/{place.Namespace}/ingresses", ingress),
            ("a pod, injected", $"/api/v1/namespaces/{place.Namespace}/pods", pod),
        })
        {
            await cluster.Api.SendAsync(HttpMethod.Post, $"{path}?dryRun=All", body);
            List<TimeSpan> took = [];
            for (var round = 0; round < Rounds; round++)
                took.Add(await cluster.Api.SendAsync(HttpMethod.Post, $"{path}?dryRun=All", body));
            cluster.Measurements.Add($"dry-run create of {what}: the whole call", took);
        }
        foreach (var (name, (count, seconds)) in await WebhookTimesAsync())
        {
            var (countBefore, secondsBefore) = before.GetValueOrDefault(name);
            if (count > countBefore)
                cluster.Measurements.Add($"webhook {name}, by the API server's own clock: mean", TimeSpan.FromSeconds((seconds - secondsBefore) / (count - countBefore)));
        }
    }

    /// <summary>The number of calls by the API server to each of our webhooks, and the sum of their durations.</summary>
    private async Task<Dictionary<string, (double Count, double Seconds)>> WebhookTimesAsync()
    {
        Dictionary<string, (double Count, double Seconds)> times = [];
        foreach (Match line in WebhookMetric().Matches(await cluster.Api.GetAsync("/metrics")))
        {
            var name = line.Groups["name"].Value;
            var value = double.Parse(line.Groups["value"].Value, CultureInfo.InvariantCulture);
            var (count, seconds) = times.GetValueOrDefault(name);
            times[name] = line.Groups["what"].Value == "count" ? (count + value, seconds) : (count, seconds + value);
        }
        return times;
    }

    /// <summary>Measures memory as the kubelets report it; they look at a new container only after a while.</summary>
    private async Task MemoryAsync()
    {
        Dictionary<string, long> seen = [];
        await Wait.UntilSeen(
            "the memory of operator and proxy",
            TimeSpan.FromSeconds(90),
            async () => string.Join(", ", (seen = await WorkingSetsAsync()).Keys),
            names => names.Contains("istio-system/turnpike-operator-", StringComparison.Ordinal) && names.Contains("istio-system/istio-ingress-", StringComparison.Ordinal));
        foreach (var (name, bytes) in seen)
            cluster.Measurements.Add($"memory of {name}: working set", string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.0} MiB"));
    }

    private async Task<Dictionary<string, long>> WorkingSetsAsync()
    {
        using var nodes = JsonDocument.Parse(await cluster.Api.GetAsync("/api/v1/nodes"));
        Dictionary<string, long> seen = [];
        foreach (var node in nodes.RootElement.GetProperty("items").EnumerateArray().Select(n => n.GetProperty("metadata").GetProperty("name").GetString()))
        {
            using var summary = JsonDocument.Parse(await cluster.Api.GetAsync($"/api/v1/nodes/{node}/proxy/stats/summary"));
            foreach (var pod in summary.RootElement.GetProperty("pods").EnumerateArray())
            {
                var reference = pod.GetProperty("podRef");
                foreach (var container in pod.TryGetProperty("containers", out var containers) ? containers.EnumerateArray() : default)
                {
                    var isOurs = container.GetProperty("name").GetString() is "operator" or "istio-proxy";
                    // Not every kubelet reports the resident set; the working set is never less than what a process keeps.
                    if (isOurs && container.TryGetProperty("memory", out var memory) && memory.TryGetProperty("workingSetBytes", out var set) && set.GetInt64() > 0)
                        seen[$"{reference.GetProperty("namespace").GetString()}/{reference.GetProperty("name").GetString()}/{container.GetProperty("name").GetString()}"] = set.GetInt64();
                }
            }
        }
        return seen;
    }

    [GeneratedRegex("""^apiserver_admission_webhook_admission_duration_seconds_(?<what>count|sum)\{[^}]*name="(?<name>[^"]*turnpike\.io)"[^}]*\} (?<value>\S+)""", RegexOptions.Multiline)]
    private static partial Regex WebhookMetric();
}
