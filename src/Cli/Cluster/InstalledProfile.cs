using Turnpike.Api;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster;

/// <summary>The profile of the installation in a cluster, which the operator's Deployment shows.</summary>
/// <param name="Profile">The profile with the namespace of the installation.</param>
/// <param name="Notes">Notes about what the user may not expect.</param>
internal sealed record InstalledProfile(Profile Profile, IReadOnlyList<string> Notes)
{
    /// <summary>Finds the profile. Without an operator it is that of 2017.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="system">The only namespace to search; null for the namespace of each profile.</param>
    /// <param name="ct">Cancels the search.</param>
    public static async Task<InstalledProfile> FindAsync(KubeApi api, string? system, CancellationToken ct)
    {
        var found = new List<Profile>();
        foreach (var ns in system is null ? Profile.All.Select(profile => profile.SystemNamespace) : [system])
        {
            if (await InAsync(api, ns, ct) is { } profile)
                found.Add(profile);
        }
        return found switch
        {
            [] => new(Profile.Istio2017.In(system), []),
            [var only] when only.Name == Profile.Istio2017.Name => new(only, []),
            [var only] => new(only, [$"the cluster has profile {only.Name}: its operator is in namespace {only.SystemNamespace}"]),
            [var first, ..] => new(first, [$"the cluster has the profiles {NamesOf(found)}; {first.Name} is used, --profile selects another"]),
        };

        static string NamesOf(IEnumerable<Profile> profiles) => string.Join(" and ", profiles.Select(profile => profile.Name));
    }

    /// <summary>
    /// Returns the profile of the operator in a namespace; null if there is none or the user may not see it. A Deployment without the label
    /// has the
    /// profile of 2017.
    /// </summary>
    private static async Task<Profile?> InAsync(KubeApi api, string ns, CancellationToken ct)
    {
        try
        {
            if (await api.FindAsync(KnownResources.Deployments, new NamespacedName(ns, Names.OperatorDeployment), ct) is not { } deployment)
                return null;
            var name = deployment.Child("metadata")?.Child("labels")?.Text(Names.ProfileLabel);
            return ((name is null ? null : Profile.Find(name)) ?? Profile.Istio2017).In(ns);
        }
        catch (KubeStatusException e) when (e.Code is 403)
        {
            return null;
        }
    }
}
