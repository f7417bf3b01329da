using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Api.Mesh;
using Turnpike.Api.RouteRules;
using Turnpike.Cli.Cluster.Status;
using Turnpike.Hosting.Client;
using Turnpike.Injector.Config;
using Turnpike.Yaml;

namespace Turnpike.Cli.Cluster.Installation.Checks;

/// <summary>Checks for objects of others whose names an installation needs.</summary>
internal sealed class NamesPart(KubeApi api, Profile profile)
{
    public const string Name = "names";


    public async Task<StatusPart> ReadAsync(CancellationToken ct)
    {
        var isInstalled = await Installations.IsInstalledAsync(api, profile, ct);
        string?[] found =
        [
            await AnyAsync(KnownResources.ConfigMaps, InSystem(profile.MeshConfigMap), map => ForeignSettings(map, isInstalled, ForeignMeshKeys), ct),
            await AnyAsync(KnownResources.ConfigMaps, InSystem(profile.InjectConfigMap), map => ForeignSettings(map, isInstalled, ForeignInjectFaults), ct),
            await AnyAsync(KnownResources.IngressClasses, NamespacedName.ClusterScoped(profile.IngressClass), ForeignController, ct),
            await AnyAsync(KnownResources.CustomResourceDefinitions, NamespacedName.ClusterScoped(Resources.DefinitionName), ForeignDefinition, ct),
            await AnyAsync(KnownResources.MutatingWebhooks, NamespacedName.ClusterScoped(profile.WebhookConfiguration), ForeignService, ct),
            await AnyAsync(KnownResources.ValidatingWebhooks, NamespacedName.ClusterScoped(profile.WebhookConfiguration), ForeignService, ct),
            await AnyAsync(KnownResources.Deployments, InSystem(profile.IngressService), NotManaged, ct),
            await AnyAsync(KnownResources.Services, InSystem(profile.IngressService), NotManaged, ct),
        ];
        string[] problems = [.. found.OfType<string>()];
        return new StatusPart(Name, problems.Length == 0 ? "free or ours" : $"{problems.Length} taken by others")
        {
            Problems = problems,
            Remedy = profile.Name == Profile.Istio2017.Name
                ? MeshPart.WayOut
                : "remove the objects that are not used any more, or choose the names of another profile with --profile",
        };
    }

    /// <summary>Returns true when a class, a definition or a webhook configuration is ours, so that it may be deleted.</summary>
    public static bool IsOurs(ResourceRef resource, JsonElement item, Profile profile) => resource switch
    {
        _ when resource == KnownResources.IngressClasses => ForeignController(item) is null,
        _ when resource == KnownResources.CustomResourceDefinitions => ForeignDefinition(item) is null,
        _ when resource == KnownResources.MutatingWebhooks || resource == KnownResources.ValidatingWebhooks => ForeignService(item, profile) is null,
        _ => NotManaged(item) is null,
    };

    private NamespacedName InSystem(string name) => new(profile.SystemNamespace, name);

    /// <summary>Returns the problem with an object; null if it does not exist or is ours.</summary>
    private async Task<string?> AnyAsync(
        ResourceRef resource, NamespacedName key, Func<JsonElement, string?> check, CancellationToken ct) =>
        await api.FindAsync(resource, key, ct) is { } found && check(found) is { } fault ? $"{resource.Kind} {key} {fault}" : null;

    /// <summary>Returns the problem with a ConfigMap of settings that is not ours, or null.</summary>
    /// <param name="map">The ConfigMap.</param>
    /// <param name="isInstalled">Whether Turnpike is installed. Then the settings are ours, and the operator reports their errors.</param>
    /// <param name="foreign">Returns the data that Turnpike does not know.</param>
    private static string? ForeignSettings(JsonElement map, bool isInstalled, Func<JsonElement, IReadOnlyList<string>> foreign)
    {
        if (Marks(map).FirstOrDefault(IsIstioMark) is { } mark)
            return $"is another mesh's: it has {mark}";
        return !isInstalled && foreign(map) is { Count: > 0 } unknown
            ? $"has settings that are not Turnpike's: {string.Join(", ", unknown.Take(5))}{(unknown.Count > 5 ? ", …" : "")}"
            : null;
    }

    private static IReadOnlyList<string> ForeignMeshKeys(JsonElement map) => map.Child("data")?.Text(Names.MeshConfigKey) is { } text
        ? Mapping(text) is { } mesh ? MeshConfigReader.UnknownKeys(mesh) : [$"key {Names.MeshConfigKey} is not a mapping"]
        : [];

    private static IReadOnlyList<string> ForeignInjectFaults(JsonElement map) => map.Child("data")?.Text(Names.InjectConfigKey) is { } text
        ? [.. InjectConfigReader.Read(text).Errors.Select(error => error.ToString())]
        : [];

    private static JsonObject? Mapping(string text)
    {
        var documents = YamlText.Read(text).Where(document => document.Root is not null || document.Error is not null).ToList();
        return documents switch
        {
            [] => [],
            [{ Root: JsonObject mapping }] => mapping,
            _ => null,
        };
    }

    private static IEnumerable<string> Marks(JsonElement item)
    {
        foreach (var (member, what) in (IEnumerable<(string, string)>)[("labels", "label"), ("annotations", "annotation")])
        {
            if (item.Child("metadata")?.Child(member) is not { ValueKind: JsonValueKind.Object } marks)
                continue;
            foreach (var mark in marks.EnumerateObject())
                yield return $"{what} {mark.Name}";
        }
    }

    private static bool IsIstioMark(string mark)
    {
        var domain = mark[(mark.IndexOf(' ', StringComparison.Ordinal) + 1)..].Split('/')[0];
        return domain == "istio.io" || domain.EndsWith(".istio.io", StringComparison.Ordinal);
    }

    private static string? ForeignController(JsonElement item)
    {
        var controller = item.Child("spec")?.Text("controller");
        return controller == Names.IngressController
            ? null
            : $"belongs to controller {controller ?? "\"\""}, not to {Names.IngressController}";
    }

    /// <summary>
    /// Returns the problem with a definition that is not ours. Ours is recognised by the description in its schema, which never changes.
    /// </summary>
    private static string? ForeignDefinition(JsonElement item)
    {
        var versions = item.Child("spec")?.Child("versions") is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray().ToList() : [];
        if (versions.Select(version => version.Text("name")).FirstOrDefault(name => name != Names.Version) is { } other)
            return $"is another product's: it has version {other}";
        return versions.Any(version => version.Child("schema")?.Child("openAPIV3Schema")?.Text("description") == MessageSchema.RouteRuleSpec.Description)
            ? null
            : "is another product's: its schema is not Turnpike's";
    }

    private string? ForeignService(JsonElement item) => ForeignService(item, profile);

    private static string? ForeignService(JsonElement item, Profile profile)
    {
        var webhooks = item.Child("webhooks") is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray().ToList() : [];
        foreach (var webhook in webhooks)
        {
            var service = webhook.Child("clientConfig")?.Child("service");
            if (service?.Text("namespace") != profile.SystemNamespace || service?.Text("name") != Names.OperatorDeployment)
            {
                var callee = service is null ? "a URL" : $"Service {service?.Text("namespace")}/{service?.Text("name")}";
                return $"calls {callee}, not {profile.SystemNamespace}/{Names.OperatorDeployment}";
            }
        }
        return null;
    }

    private static string? NotManaged(JsonElement item) =>
        item.Child("metadata")?.Child("labels")?.Text(Names.ManagedByLabel) == Names.ManagedByValue
        ? null
        : "was not created by the operator, which needs the name for its ingress";
}
