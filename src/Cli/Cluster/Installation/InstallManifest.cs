using Turnpike.Api;
using Turnpike.Cli.Manifests;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Installation;

/// <summary>The objects of a profile, as its file under <c>config/</c> has them, in the order in which they are applied: no settings, which are the user's. The program carries the files.</summary>
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

    /// <summary>As kubectl calls it: <c>deployment.apps/turnpike-operator</c>.</summary>
    public static string NameOf(ResourceRef resource, NamespacedName key) =>
        $"{resource.Kind.ToLowerInvariant()}{(resource.Group.Length == 0 ? "" : "." + resource.Group)}/{key.Name}";

    private static ClusterObject ToObject(Manifest manifest)
    {
        var (kind, _, name) = manifest.Key ?? throw new InvalidOperationException($"{manifest.Location}: {manifest.Error}");
        var resource = Kinds.FirstOrDefault(known => known.Kind == kind && known.ApiVersion == (string?)manifest.Root!["apiVersion"])
            ?? throw new InvalidOperationException($"{manifest.Location}: kind {kind} is not known");
        // What has no namespace in the file is of the cluster; the reader has filled in an empty one.
        var metadata = manifest.Root!["metadata"]!.AsObject();
        var ns = (string?)metadata["namespace"] ?? "";
        if (ns.Length == 0)
            metadata.Remove("namespace");
        return new ClusterObject(resource, new NamespacedName(ns, name), manifest.Root);
    }
}
