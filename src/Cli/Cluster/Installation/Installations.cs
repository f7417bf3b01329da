using Turnpike.Api;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Installation;

/// <summary>Finds the installation that a command works on.</summary>
internal static class Installations
{
    /// <summary>Returns the profile of the command line, or of the installation in the cluster, or that of 2017.</summary>
    /// <exception cref="CommandException">The installation is in a namespace that the manifest does not support.</exception>
    public static async Task<Profile> ProfileAsync(ClusterAccess cluster, CancellationToken ct)
    {
        var profile = await cluster.RunAsync(api => cluster.ProfileAsync(api, ct));
        var own = Profile.Find(profile.Name)!.SystemNamespace;
        return profile.SystemNamespace == own
            ? profile
            : throw new CommandException($"--istioNamespace: profile {profile.Name} is installed into namespace {own}; an installation in "
                + $"namespace {profile.SystemNamespace} was made by other means and must be changed by them");
    }

    public static async Task<bool> IsInstalledAsync(KubeApi api, Profile profile, CancellationToken ct) =>
        await api.FindAsync(KnownResources.Deployments, new NamespacedName(profile.SystemNamespace, Names.OperatorDeployment), ct) is not null;

    /// <summary>
    /// Returns the profile of another installation in the same cluster, which uses the same route rules; null if there is none.
    /// </summary>
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
