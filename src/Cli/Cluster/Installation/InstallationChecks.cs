using Turnpike.Api;
using Turnpike.Cli.Cluster.Installation.Checks;
using Turnpike.Cli.Cluster.Status;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Installation;

/// <summary>
/// Checks that an installation conflicts with nothing in the cluster. All checks run, so that all conflicts are reported at once.
/// </summary>
internal sealed class InstallationChecks(KubeApi api, Profile profile)
{
    /// <summary>Runs the checks that matter as long as the installation exists.</summary>
    public Task<StatusPart[]> ReadAsync(CancellationToken ct) => Task.WhenAll(
        InstallationStatus.PartAsync(KubernetesPart.Name, () => KubernetesPart.ReadAsync(api, ct)),
        InstallationStatus.PartAsync(MeshPart.Name, () => MeshPart.ReadAsync(api, profile, ct)),
        InstallationStatus.PartAsync(ProfilesPart.Name, () => ProfilesPart.ReadAsync(api, profile, ct)),
        InstallationStatus.PartAsync(NamesPart.Name, () => new NamesPart(api, profile).ReadAsync(ct)));

    /// <summary>Runs those checks, and the ones that matter before an installation.</summary>
    public async Task<IReadOnlyList<StatusPart>> ReadBeforeInstallAsync(IReadOnlyList<ClusterObject> objects, CancellationToken ct)
    {
        var parts = (await ReadAsync(ct)).ToList();
        var rights = await InstallationStatus.PartAsync(RightsPart.Name, () => RightsPart.ReadAsync(api, objects, ct));
        parts.Add(rights);
        // Without the rights, the dry run would only report each missing right again.
        if (rights.State == PartState.Ok)
            parts.Add(await InstallationStatus.PartAsync(AdmissionPart.Name, () => new AdmissionPart(api).ReadAsync(objects, ct)));
        return parts;
    }
}
