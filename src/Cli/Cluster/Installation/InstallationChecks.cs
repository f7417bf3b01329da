using Turnpike.Api;
using Turnpike.Cli.Cluster.Installation.Checks;
using Turnpike.Cli.Cluster.Status;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Installation;

/// <summary>Whether an installation harms nobody. Everything is looked at before anything is said.</summary>
internal sealed class InstallationChecks(KubeApi api, Profile profile)
{
    /// <summary>What matters as long as the installation is there.</summary>
    public Task<StatusPart[]> ReadAsync(CancellationToken ct) => Task.WhenAll(
        InstallationStatus.PartAsync(KubernetesPart.Name, () => KubernetesPart.ReadAsync(api, ct)),
        InstallationStatus.PartAsync(MeshPart.Name, () => MeshPart.ReadAsync(api, profile, ct)),
        InstallationStatus.PartAsync(ProfilesPart.Name, () => ProfilesPart.ReadAsync(api, profile, ct)),
        InstallationStatus.PartAsync(NamesPart.Name, () => new NamesPart(api, profile).ReadAsync(ct)));

    /// <summary>That, and what matters to whoever is about to install.</summary>
    public async Task<IReadOnlyList<StatusPart>> ReadBeforeInstallAsync(IReadOnlyList<ClusterObject> objects, CancellationToken ct)
    {
        var parts = (await ReadAsync(ct)).ToList();
        var rights = await InstallationStatus.PartAsync(RightsPart.Name, () => RightsPart.ReadAsync(api, objects, ct));
        parts.Add(rights);
        // Without the rights each object would be refused for want of them, once more.
        if (rights.State == PartState.Ok)
            parts.Add(await InstallationStatus.PartAsync(AdmissionPart.Name, () => new AdmissionPart(api).ReadAsync(objects, ct)));
        return parts;
    }
}
