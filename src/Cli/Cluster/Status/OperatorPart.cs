using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Status;

/// <summary>The operator's Deployment.</summary>
internal static class OperatorPart
{
    public const string Name = "operator";

    public static async Task<StatusPart> ReadAsync(KubeApi api, string system, CancellationToken ct)
    {
        var key = new NamespacedName(system, Names.OperatorDeployment);
        if (await api.FindAsync(KnownResources.Deployments, key, ct) is not { } deployment)
            return new StatusPart(Name, "not installed") { Problems = [$"there is no Deployment {key}"] };
        var wanted = Number(deployment.Child("spec"), "replicas") ?? 1;
        var ready = Number(deployment.Child("status"), "readyReplicas") ?? 0;
        var available = Condition(deployment, "Available");
        var version = Version(deployment);
        var problems = new List<string>();
        if (wanted == 0)
            problems.Add($"Deployment {key} is scaled to 0");
        else if (ready < wanted)
            problems.Add($"{ready} of {wanted} replicas are ready");
        if (available?.Text("status") != "True")
            problems.Add($"it is not available: {available?.Text("message") ?? "the Deployment has no condition Available"}");
        return new StatusPart(Name, $"{ready}/{wanted} ready, version {version ?? "unknown"}")
        {
            Problems = problems,
            Items =
            [
                new JsonObject
                {
                    ["deployment"] = key.ToString(),
                    ["ready"] = ready,
                    ["desired"] = wanted,
                    ["available"] = available?.Text("status") ?? "Unknown",
                    ["version"] = version,
                },
            ],
        };
    }

    /// <summary>Returns the number of ready replicas as a clause.</summary>
    public static async Task<string> ReplicasAsync(KubeApi api, string system, CancellationToken ct)
    {
        var key = new NamespacedName(system, Names.OperatorDeployment);
        try
        {
            return await api.FindAsync(KnownResources.Deployments, key, ct) is { } deployment
                ? $"{Number(deployment.Child("status"), "readyReplicas") ?? 0} of {Number(deployment.Child("spec"), "replicas") ?? 1} replicas are ready"
                : $"there is no Deployment {key}";
        }
        catch (KubeStatusException e)
        {
            return $"its Deployment {key} cannot be seen: {Refusal.Read(e)}";
        }
    }

    /// <summary>Returns the version in the Deployment's label, or the tag of its image.</summary>
    public static string? Version(JsonElement deployment)
    {
        if (deployment.Child("metadata")?.Child("labels")?.Text(Names.VersionLabel) is { } label)
            return label;
        var pod = deployment.Child("spec")?.Child("template")?.Child("spec");
        if (pod?.Child("containers") is not { ValueKind: JsonValueKind.Array } containers)
            return null;
        var image = containers.EnumerateArray().Select(container => container.Text("image")).FirstOrDefault() ?? "";
        var name = image.Split('@')[0];
        var colon = name.LastIndexOf(':');
        // A colon before the last slash precedes the port of a registry.
        return colon > name.LastIndexOf('/') ? name[(colon + 1)..] : null;
    }

    private static JsonElement? Condition(JsonElement item, string type) =>
        item.Child("status")?.Child("conditions") is { ValueKind: JsonValueKind.Array } conditions
            ? conditions.EnumerateArray()
                .Where(condition => condition.Text("type") == type)
                .Select(condition => (JsonElement?)condition)
                .FirstOrDefault()
            : null;

    private static int? Number(JsonElement? element, string name) =>
        element?.Child(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var value) ? value : null;
}
