using System.CommandLine;
using Turnpike.Cli.Cluster.Installation;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike install</c>: installs into a cluster after checking that nothing is harmed.</summary>
internal static class InstallCommand
{
    private const string DefaultTimeout = "5m";

    public static Command Create(GlobalOptions globals)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Check and print what would change, without changing anything." };
        var wait = new Option<bool>("--wait") { Description = "Wait until operator and ingress are ready." };
        var timeout = Shared.Duration("--timeout", DefaultTimeout, "The time that --wait waits at most.");
        var command = new Command(
            "install",
            "Install or upgrade Turnpike in the cluster. It is checked first that nothing would be harmed, and settings are never "
            + "overwritten. Exit code 1: nothing was installed, or the installation is not ready in time.")
            {
                dryRun, wait, timeout,
            };
        command.SetAction(async (parsed, ct) =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            using var cluster = globals.Open(parsed);
            var profile = await Installations.ProfileAsync(cluster, ct);
            await cluster.RunAsync(async api =>
            {
                var installer = new Installer(api, profile, output);
                await installer.CheckAsync(ct);
                await installer.ApplyAsync(parsed.GetValue(dryRun), ct);
                if (parsed.GetValue(dryRun))
                    return;
                if (parsed.GetValue(wait))
                    await new InstallationWait(api, profile, cluster.Clock, error).RunAsync(Shared.DurationOf(parsed, timeout), ct);
                await output.WriteLineAsync(
                    $"Turnpike is installed in namespace {profile.SystemNamespace}, profile {profile.Name}; see: turnpike status");
            });
            return ExitCodes.Success;
        });
        return command;
    }
}
