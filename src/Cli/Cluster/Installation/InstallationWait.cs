using System.Globalization;
using System.Text.Json;
using Turnpike.Api;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Installation;

/// <summary>Waits until operator and ingress are ready, and prints their progress whenever it changes.</summary>
internal sealed class InstallationWait(KubeApi api, Profile profile, TimeProvider clock, TextWriter progress)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <exception cref="CommandException">Operator or ingress is not ready in time.</exception>
    public async Task RunAsync(TimeSpan limit, CancellationToken ct)
    {
        var started = clock.GetTimestamp();
        var told = "";
        while (true)
        {
            // The operator creates the ingress, so that there is none at first.
            var (isOperatorReady, ofOperator) = await StateAsync(
                "operator", Names.OperatorDeployment, $"app.kubernetes.io/name={Names.OperatorDeployment}", ct);
            var (isIngressReady, ofIngress) = await StateAsync(
                "ingress", profile.IngressService, $"{profile.IngressLabel.Key}={profile.IngressLabel.Value}", ct);
            var now = $"{ofOperator}; {ofIngress}";
            if (now != told)
                await progress.WriteLineAsync($"{Seconds(clock.GetElapsedTime(started)),6} {now}");
            told = now;
            if (isOperatorReady && isIngressReady)
                return;
            if (clock.GetElapsedTime(started) >= limit)
                throw new CommandException($"not ready after {Seconds(limit)}: {now}; the installation continues, see: turnpike status");
            await Task.Delay(Pause, clock, ct);
        }
    }

    private async Task<(bool IsReady, string Text)> StateAsync(string what, string name, string pods, CancellationToken ct)
    {
        if (await api.FindAsync(KnownResources.Deployments, new NamespacedName(profile.SystemNamespace, name), ct) is not { } deployment)
            return (false, $"{what} does not exist yet");
        var status = deployment.Child("status");
        var wanted = Number(deployment.Child("spec"), "replicas") ?? 1;
        var isSeen = Number(status, "observedGeneration") >= Number(deployment.Child("metadata"), "generation");
        var ready = isSeen ? Math.Min(Number(status, "updatedReplicas") ?? 0, Number(status, "availableReplicas") ?? 0) : 0;
        var text = $"{what} {Math.Min(ready, wanted)} of {wanted} ready";
        return ready >= wanted ? (true, text) : (false, text + await HindranceAsync(pods, ct));
    }

    /// <summary>Returns the reason why the first container that cannot start does not; empty if all of them are starting.</summary>
    private async Task<string> HindranceAsync(string selector, CancellationToken ct)
    {
        var pods = await api.ListAsync(KnownResources.Pods, new ResourceQuery { Namespace = profile.SystemNamespace, LabelSelector = selector }, Hindrance, ct);
        return pods.Items.OfType<string>().Order(StringComparer.Ordinal).FirstOrDefault() is { } reason ? $" ({reason})" : "";
    }

    private static string? Hindrance(JsonElement pod)
    {
        if (pod.Child("status")?.Child("containerStatuses") is not { ValueKind: JsonValueKind.Array } containers)
            return null;
        foreach (var container in containers.EnumerateArray())
        {
            if (container.Child("state")?.Child("waiting") is { } waiting && waiting.Text("reason") is { } reason and not ("ContainerCreating" or "PodInitializing"))
                return $"pod {pod.Key().Name}: {reason}{(waiting.Text("message") is { Length: > 0 } message ? $": {CommandException.OneLine(message)}" : "")}";
        }
        return null;
    }

    private static int? Number(JsonElement? element, string name) =>
        element?.Child(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var value) ? value : null;

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0", CultureInfo.InvariantCulture) + " s";
}
