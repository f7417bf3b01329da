using System.CommandLine;
using Turnpike.Api;
using Turnpike.Cli.Cluster;
using Turnpike.Cli.Cluster.Installation;
using Turnpike.Cli.Cluster.Status;
using Turnpike.Hosting.Api;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike check</c>: what install looks at, at any time later; and the installation, where there is one.</summary>
internal static class CheckCommand
{
    private const string Text = "text";
    private const string Json = "json";

    public static Command Create(GlobalOptions globals)
    {
        var format = new Option<string>("--output", "-o") { Description = "How to print.", HelpName = $"{Text}|{Json}", DefaultValueFactory = _ => Text };
        format.AcceptOnlyFromAmong(Text, Json);
        var command = new Command(
            "check", "Check whether the cluster can be installed into, or whether an installation is in order and still gets along with its neighbours: exit code 0 fine, 1 something is wrong, 3 that cannot be told.")
        {
            format,
        };
        command.SetAction(async (parsed, ct) =>
        {
            try
            {
                using var cluster = globals.Open(parsed);
                var profile = await Installations.ProfileAsync(cluster, ct);
                var parts = await cluster.RunAsync(api => ReadAsync(api, cluster, profile, ct));
                await parsed.InvocationConfiguration.Output.WriteAsync(
                    parsed.GetValue(format) == Json ? StatusPrinter.Json(cluster.Server, parts) : StatusPrinter.Text(parts));
                return StatusPrinter.ExitCode(parts);
            }
            catch (CommandException e)
            {
                throw e.With(ExitCodes.CannotTell);
            }
        });
        return command;
    }

    private static async Task<IReadOnlyList<StatusPart>> ReadAsync(KubeApi api, ClusterAccess cluster, Profile profile, CancellationToken ct)
    {
        var checks = new InstallationChecks(api, profile);
        var isInstalled = await api.FindAsync(Resources.Deployments, new(profile.SystemNamespace, Names.OperatorDeployment), ct) is not null;
        // Whoever looks after an installation need not be able to install.
        return isInstalled
            ? [.. await checks.ReadAsync(ct), .. await new InstallationStatus(cluster).ReadAsync(ct)]
            : [.. await checks.ReadBeforeInstallAsync(InstallManifest.Of(profile), ct), new StatusPart("operator", $"not installed in namespace {profile.SystemNamespace}; turnpike install installs it")];
    }
}
