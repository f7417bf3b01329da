using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Status;

/// <summary>The ingress proxies, and the table of each proxy as far as the operator knows it.</summary>
internal static class ProxiesPart
{
    public const string Name = "proxies";

    public static async Task<StatusPart> ReadAsync(KubeApi api, Profile profile, CancellationToken ct)
    {
        var system = profile.SystemNamespace;
        var selector = $"{profile.IngressLabel.Key}={profile.IngressLabel.Value}";
        var pods = await api.ListAsync(KnownResources.Pods, new ResourceQuery { Namespace = system, LabelSelector = selector }, IngressPod.Read, ct);
        var report = await FleetReport.ReadAsync(api, system, ct);
        var tables = report.Proxies;
        var ingress = pods.Items.OrderBy(pod => pod.Key).ToList();
        var problems = new List<string>();
        if (ingress.Count == 0)
            problems.Add($"no pod of namespace {system} has the label {selector}: nothing receives traffic");
        problems.AddRange(ingress.Where(pod => !pod.IsReady).Select(pod => $"pod {pod.Key} is not ready: {pod.Phase}"));
        problems.AddRange((tables ?? [])
            .Where(table => table.Error.Length > 0)
            .OrderBy(table => table.Pod)
            .Select(table => $"pod {table.Pod}: {table.Error}"));
        if (report.InjectionWaits is { } waits)
            problems.Add($"no pod gets a sidecar: {waits}");
        var sidecars = tables?.Count(table => !ingress.Exists(pod => pod.Key == table.Pod));
        var connected = sidecars is null ? "table versions unknown" : $"{sidecars} sidecars connected";
        return new StatusPart(Name, $"{ingress.Count(pod => pod.IsReady)}/{ingress.Count} ingress proxies ready, {connected}")
        {
            Problems = problems,
            ShowsItems = true,
            Items = [.. ingress.Select(pod => Item(pod, tables?.FirstOrDefault(table => table.Pod == pod.Key)))],
        };
    }

    private static JsonObject Item(IngressPod pod, ProxyReport? table) => new()
    {
        ["pod"] = pod.Key.ToString(),
        ["node"] = pod.Node,
        ["ready"] = pod.IsReady,
        ["build"] = table?.Build ?? "unknown",
        ["table"] = table?.Version ?? "unknown",
    };

    private sealed record IngressPod(NamespacedName Key, string Node, string Phase, bool IsReady)
    {
        public static IngressPod Read(JsonElement pod)
        {
            var status = pod.Child("status");
            var isReady = status?.Child("conditions") is { ValueKind: JsonValueKind.Array } conditions
                && conditions.EnumerateArray().Any(condition => condition.Text("type") == "Ready" && condition.Text("status") == "True");
            return new IngressPod(pod.Key(), pod.Child("spec")?.Text("nodeName") ?? "", status?.Text("phase") ?? "Unknown", isReady);
        }
    }
}
