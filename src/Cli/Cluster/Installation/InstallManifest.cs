using Turnpike.Api;
using Turnpike.Cli.Manifests;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Installation;

/// <summary>
/// Reads the objects of a profile from its file under <c>config/</c>, which is embedded in the program. They are in the order in which they
/// are applied, and without settings, which belong to the user.
/// </summary>
internal static class InstallManifest
{
    private static readonly ResourceRef[] Kinds =
    [
        KnownResources.Namespaces,
        KnownResources.CustomResourceDefinitions,
        KnownResources.ServiceAccounts,
        KnownResources.ClusterRoles,
        KnownResources.ClusterRoleBindings,
        KnownResources.Roles,
        KnownResources.RoleBindings,
        KnownResources.NetworkPolicies,
        KnownResources.Services,
        KnownResources.Deployments,
        KnownResources.MutatingWebhooks,
        KnownResources.ValidatingWebhooks,
    ];

    public static IReadOnlyList<ClusterObject> Of(Profile profile)
    {
        using var stream = typeof(InstallManifest).Assembly.GetManifestResourceStream($"install/{profile.Name}.yaml")
            ?? throw new CommandException($"this build has no manifest of profile {profile.Name}");
        using var reader = new StreamReader(stream);
        return [.. ManifestReader.ReadText(reader.ReadToEnd(), profile.Name, "").Select(ToObject)];
    }

    /// <summary>Returns the name of an object in kubectl's form: <c>deployment.apps/turnpike-operator</c>.</summary>
    public static string NameOf(ResourceRef resource, NamespacedName key) =>
        $"{resource.Kind.ToLowerInvariant()}{(resource.Group.Length == 0 ? "" : "." + resource.Group)}/{key.Name}";

    private static ClusterObject ToObject(Manifest manifest)
    {
        var (kind, _, name) = manifest.Key ?? throw new InvalidOperationException($"{manifest.Location}: {manifest.Error}");
        var resource = Kinds.FirstOrDefault(known => known.Kind == kind && known.ApiVersion == (string?)manifest.Root!["apiVersion"])
            ?? throw new InvalidOperationException($"{manifest.Location}: kind {kind} is not known");
        // An object without a namespace in the file is cluster-scoped; the reader has filled in an empty one.
        var metadata = manifest.Root!["metadata"]!.AsObject();
        var ns = (string?)metadata["namespace"] ?? "";
        if (ns.Length == 0)
            metadata.Remove("namespace");
        return new ClusterObject(resource, new NamespacedName(ns, name), manifest.Root);
    }
}
