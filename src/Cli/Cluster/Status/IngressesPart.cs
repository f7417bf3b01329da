using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Api.Ingresses;
using Turnpike.Compiler;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Status;

/// <summary>The Ingresses of our class, and those of them that have no address yet.</summary>
internal static class IngressesPart
{
    public const string Name = "ingresses";

    public static async Task<StatusPart> ReadAsync(KubeApi api, Profile profile, string? ns, CancellationToken ct)
    {
        var classes = await ClassesAsync(api, profile, ct);
        var all = await api.ListAsync(KnownResources.Ingresses, new ResourceQuery { Namespace = ns }, item => Ingress.Read(item, classes), ct);
        var ours = all.Items.Where(ingress => ingress.IsOurs).OrderBy(ingress => ingress.Key).ToList();
        var without = ours.Where(ingress => ingress.Addresses.Count == 0).ToList();
        return new StatusPart(Name, $"{ours.Count - without.Count} of {ours.Count} have an address")
        {
            Problems = [.. Foreign(classes), .. without.Select(ingress => $"Ingress {ingress.Key} has no address")],
            Items = [.. ours.Select(ingress => new JsonObject
            {
                ["ingress"] = ingress.Key.ToString(),
                ["address"] = string.Join(',', ingress.Addresses),
            })],
        };
    }

    private static IEnumerable<string> Foreign(ClusterSnapshot classes) =>
        IngressClasses.Foreign(classes.Mesh, classes.IngressClasses) is { } foreign
            ? [
                $"IngressClass {foreign.Metadata.Name} belongs to the controller {foreign.Controller}, which serves its Ingresses; "
                + "set ingressClass of the mesh settings to another class",
            ]
            : [];

    /// <summary>Returns the settings and classes that decide which controller serves an Ingress.</summary>
    private static async Task<ClusterSnapshot> ClassesAsync(KubeApi api, Profile profile, CancellationToken ct)
    {
        var store = new ObjectStore(profile);
        var mesh = store.MeshKey;
        if (await api.FindAsync(KnownResources.ConfigMaps, new(mesh.Namespace, mesh.Name), ct) is { } settings)
            Put(settings, KnownResources.ConfigMaps);
        var classes = await api.ListAsync(KnownResources.IngressClasses, ResourceQuery.All, item => item.Clone(), ct);
        foreach (var item in classes.Items)
            Put(item, KnownResources.IngressClasses);
        return store.Snapshot().Snapshot;

        void Put(JsonElement item, ResourceRef resource)
        {
            var key = item.Key();
            store.Put(new(resource.Kind, key.Namespace, key.Name), ReadObject.From(Typed(item, resource), profile));
        }
    }

    /// <summary>Adds apiVersion and kind, which the items of a list do not have.</summary>
    private static JsonObject Typed(JsonElement item, ResourceRef resource)
    {
        var raw = JsonObject.Create(item.Clone())!;
        raw["apiVersion"] = resource.ApiVersion;
        raw["kind"] = resource.Kind;
        return raw;
    }

    private sealed record Ingress(NamespacedName Key, bool IsOurs, IReadOnlyList<string> Addresses)
    {
        public static Ingress Read(JsonElement item, ClusterSnapshot classes)
        {
            var ingress = IngressReader.ReadClass(Typed(item, KnownResources.Ingresses));
            var addresses = item.Child("status")?.Child("loadBalancer")?.Child("ingress") is { ValueKind: JsonValueKind.Array } list
                ? list.EnumerateArray().Select(address => address.Text("ip") ?? address.Text("hostname")).OfType<string>()
                : [];
            return new Ingress(item.Key(), IngressClasses.IsOurs(ingress, classes.Mesh, classes.IngressClasses), [.. addresses]);
        }
    }
}
