using Turnpike.Api;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Installation;

/// <summary>Which installation a command is about.</summary>
internal static class Installations
{
    /// <summary>The command line's, else the one that is in the cluster, else that of 2017.</summary>
    /// <exception cref="CommandException">It is to be in a namespace that the manifest does not know.</exception>
    public static async Task<Profile> ProfileAsync(ClusterAccess cluster, CancellationToken ct)
    {
        var profile = await cluster.RunAsync(api => cluster.ProfileAsync(api, ct));
        var own = Profile.Find(profile.Name)!.SystemNamespace;
        return profile.SystemNamespace == own
            ? profile
            : throw new CommandException($"--istioNamespace: profile {profile.Name} is installed into namespace {own}; one in namespace {profile.SystemNamespace} was put there by other means, which have to go on with it");
    }

    public static async Task<bool> IsInstalledAsync(KubeApi api, Profile profile, CancellationToken ct) =>
        await api.FindAsync(KnownResources.Deployments, new NamespacedName(profile.SystemNamespace, Names.OperatorDeployment), ct) is not null;

    /// <summary>The installation of another profile in the same cluster, to which the route rules belong as well; null where there is none.</summary>
    public static async Task<Profile?> OtherAsync(KubeApi api, Profile profile, CancellationToken ct)
    {
        foreach (var other in Profile.All.Where(other => other.Name != profile.Name))
        {
            if (await IsInstalledAsync(api, other, ct))
                return other;
        }
        return null;
    }
}
