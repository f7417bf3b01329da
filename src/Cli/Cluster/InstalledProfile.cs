using Turnpike.Api;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster;

/// <summary>Which profile a cluster was installed with, by the operator's Deployment.</summary>
/// <param name="Profile">With the namespace that it is in.</param>
/// <param name="Notes">What is not as the user may take it for granted.</param>
internal sealed record InstalledProfile(Profile Profile, IReadOnlyList<string> Notes)
{
    /// <param name="api">The cluster.</param>
    /// <param name="system">The only namespace to look in; null: that of each profile.</param>
    /// <param name="ct">Ends the looking.</param>
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
            [var only] => new(only, only.Name == Profile.Istio2017.Name ? [] : [$"the cluster has profile {only.Name}: its operator is in namespace {only.SystemNamespace}"]),
            [var first, ..] => new(first, [$"the cluster has the profiles {string.Join(" and ", found.Select(p => p.Name))}; {first.Name} is taken, --profile chooses"]),
        };
    }

    /// <summary>Null where there is no operator, and where the user may not see it. Before there were two profiles, Deployments did not say theirs.</summary>
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
