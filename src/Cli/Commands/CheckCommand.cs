using System.CommandLine;
using Turnpike.Api;
using Turnpike.Cli.Cluster;
using Turnpike.Cli.Cluster.Installation;
using Turnpike.Cli.Cluster.Status;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike check</c>: what install looks at, at any time later; and the installation, where there is one.</summary>
internal static class CheckCommand
{
    public static Command Create(GlobalOptions globals)
    {
        var format = Shared.Format();
        var command = new Command(
            "check", "Check whether the cluster can be installed into, or whether an installation is in order and still gets along with its neighbours: exit code 0 fine, 1 something is wrong, 3 that cannot be told.")
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
        // Whoever looks after an installation need not be able to install.
        return await Installations.IsInstalledAsync(api, profile, ct)
            ? [.. await checks.ReadAsync(ct), .. await new InstallationStatus(cluster).ReadAsync(ct)]
            : [.. await checks.ReadBeforeInstallAsync(InstallManifest.Of(profile), ct), new StatusPart("operator", $"not installed in namespace {profile.SystemNamespace}; turnpike install installs it")];
    }
}
