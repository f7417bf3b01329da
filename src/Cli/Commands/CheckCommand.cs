using System.CommandLine;
using Turnpike.Api;
using Turnpike.Cli.Cluster;
using Turnpike.Cli.Cluster.Installation;
using Turnpike.Cli.Cluster.Status;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike check</c>: the checks of install at any time, and the state of an existing installation.</summary>
internal static class CheckCommand
{
    public static Command Create(GlobalOptions globals)
    {
        var format = Shared.Format();
        var command = new Command(
            "check",
            "Check whether Turnpike can be installed, or whether an installation works and conflicts with nothing else in the cluster. "
            + "Exit code 0: no problems, 1: problems, 3: not known.")
            {
                format,
            };
        command.SetAction((parsed, ct) => Shared.PrintPartsAsync(parsed, globals, format, async cluster =>
        {
            var profile = await Installations.ProfileAsync(cluster, ct);
            return await cluster.RunAsync(api => ReadAsync(api, cluster, profile, ct));
        }));
        return command;
    }

    private static async Task<IReadOnlyList<StatusPart>> ReadAsync(KubeApi api, ClusterAccess cluster, Profile profile, CancellationToken ct)
    {
        var checks = new InstallationChecks(api, profile);
        // A user who looks after an installation may not have the rights to install.
        if (await Installations.IsInstalledAsync(api, profile, ct))
            return [.. await checks.ReadAsync(ct), .. await new InstallationStatus(cluster).ReadAsync(ct)];
        var missing = new StatusPart("operator", $"not installed in namespace {profile.SystemNamespace}; turnpike install installs it");
        return [.. await checks.ReadBeforeInstallAsync(InstallManifest.Of(profile), ct), missing];
    }
}
