using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Turnpike.Hosting.Apply;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Watch;

namespace Turnpike.Hosting.Certificates;

public enum WebhookConfigurationKind
{
    Validating,
    Mutating,
}

/// <summary>
/// The trust of the API server, which is the webhooks' client: the <c>caBundle</c> of each webhook in one configuration. It is written
/// under a field manager that owns nothing else.
/// </summary>
public sealed class WebhookConfigurationTrust(
    KubeApi api, WebhookConfigurationKind kind, string name, string fieldManager, ILoggerFactory logs, TimeProvider clock) : ITrustTarget
{
    private readonly ServerSideApply _apply = new(api, fieldManager);
    private readonly ILogger _log = logs.CreateLogger<WebhookConfigurationTrust>();
    private readonly NamespacedName _key = NamespacedName.ClusterScoped(name);
    private readonly ResourceRef _resource =
        kind == WebhookConfigurationKind.Validating ? KnownResources.ValidatingWebhooks : KnownResources.MutatingWebhooks;

    public async Task<TrustObservation> EnsureAsync(string? bundlePem, CancellationToken ct)
    {
        if (await api.FindAsync(_resource, _key, ct) is not { } found)
            return new($"{_resource.Kind} \"{name}\"", []);

        var wrong = bundlePem is null ? [] : Webhooks(found).Where(webhook => BundleOf(webhook) != bundlePem).ToList();
        if (wrong.Count > 0)
        {
            Log.BundleRepaired(_log, _resource, _key, wrong.Count);
            found = await _apply.ApplyAsync(_resource, _key, Wanted(found, bundlePem!), ct);
        }

        return new($"{_resource.Kind} \"{name}\"", [.. Webhooks(found).Select(BundleOf)]);
    }

    public IInformer Watch(Action changed)
    {
        var informer = new Informer<string>(
            api,
            _resource,
            item => item.ResourceVersion(),
            new() { Query = ResourceQuery.Named(_key) },
            logs.CreateLogger<Informer<string>>(),
            clock);
        informer.AddHandler(_ => changed());
        return informer;
    }

    private static List<JsonElement> Webhooks(JsonElement configuration) =>
        configuration.Child("webhooks") is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray()] : [];

    private static string BundleOf(JsonElement webhook)
    {
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(webhook.Child("clientConfig")?.Text("caBundle") ?? ""));
        }
        catch (FormatException)
        {
            return "";
        }
    }

    /// <summary>Names all webhooks, also those that are right already: a field that an apply leaves out is removed.</summary>
    private static JsonObject Wanted(JsonElement configuration, string bundlePem)
    {
        var bundle = Convert.ToBase64String(Encoding.UTF8.GetBytes(bundlePem));
        var webhooks = Webhooks(configuration).Select(webhook => (JsonNode)new JsonObject
        {
            ["name"] = webhook.Text("name"),
            ["clientConfig"] = new JsonObject { ["caBundle"] = bundle },
        });
        return new() { ["webhooks"] = new JsonArray([.. webhooks]) };
    }
}
