using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Status;

/// <summary>The webhook configurations. Without a CA bundle the API server does not trust a webhook.</summary>
internal static class WebhooksPart
{
    public const string Name = "webhooks";

    public static async Task<StatusPart> ReadAsync(KubeApi api, Profile profile, CancellationToken ct)
    {
        var found = new List<(ResourceRef Resource, IReadOnlyList<Webhook>? Webhooks)>();
        foreach (var resource in (ResourceRef[])[KnownResources.ValidatingWebhooks, KnownResources.MutatingWebhooks])
            found.Add((resource, await FindAsync(api, profile, resource, ct)));
        var problems = found.SelectMany(entry => entry.Webhooks is null
            ? [$"there is no {entry.Resource.Kind} {profile.WebhookConfiguration}"]
            : entry.Webhooks.Where(webhook => webhook.CaBundle is null).Select(webhook => $"{entry.Resource.Kind} {webhook.Name} has no CA bundle"));
        var webhooks = found.SelectMany(entry => (entry.Webhooks ?? []).Select(webhook => (entry.Resource.Kind, Webhook: webhook))).ToList();
        var present = found.Count(entry => entry.Webhooks is not null);
        return new StatusPart(Name, $"{present} of {found.Count} configurations, {webhooks.Count} webhooks")
        {
            Problems = [.. problems],
            Items = [.. webhooks.Select(entry => new JsonObject
            {
                ["name"] = entry.Webhook.Name,
                ["kind"] = entry.Kind,
                ["failurePolicy"] = entry.Webhook.FailurePolicy,
                ["caBundle"] = entry.Webhook.CaBundle is not null,
            })],
        };
    }

    /// <summary>Returns the webhooks of the configuration, or null if it does not exist.</summary>
    public static async Task<IReadOnlyList<Webhook>?> FindAsync(
        KubeApi api, Profile profile, ResourceRef resource, CancellationToken ct)
    {
        var found = await api.FindAsync(resource, NamespacedName.ClusterScoped(profile.WebhookConfiguration), ct);
        if (found is not { } configuration)
            return null;
        return configuration.Child("webhooks") is { ValueKind: JsonValueKind.Array } list
            ? [.. list.EnumerateArray().Select(webhook => new Webhook(
                webhook.Text("name") ?? "",
                webhook.Text("failurePolicy") ?? "",
                webhook.Child("clientConfig")?.Text("caBundle") is { Length: > 0 } bundle ? bundle : null))]
            : [];
    }
}

/// <param name="Name">The name of the webhook.</param>
/// <param name="FailurePolicy">What the API server does if the webhook does not respond.</param>
/// <param name="CaBundle">The certificates as PEM in base64, or null.</param>
internal sealed record Webhook(string Name, string FailurePolicy, string? CaBundle);
