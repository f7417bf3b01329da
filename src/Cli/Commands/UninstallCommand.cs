using System.CommandLine;
using Turnpike.Api;
using Turnpike.Cli.Cluster;
using Turnpike.Cli.Cluster.Installation;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike uninstall</c>: removes what install created. What users created stays unless it is to be purged.</summary>
internal static class UninstallCommand
{
    private const string DefaultTimeout = "1m";

    public static Command Create(GlobalOptions globals)
    {
        var purge = new Option<bool>("--purge")
        {
            Description = "Also delete route rules and settings, and the namespace if nothing else is in it.",
        };
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask for confirmation of --purge." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Print what would be deleted, without deleting anything." };
        var timeout = Shared.Duration("--timeout", DefaultTimeout, "The time for the operator's pods to end.");
        var command = new Command(
            "uninstall",
            "Remove the installation from the cluster. Route rules and settings stay unless --purge is given. Webhooks are removed first, "
            + "so that no request to the API server is blocked.")
        {
            purge, yes, dryRun, timeout,
        };
        command.SetAction(async (parsed, ct) =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            using var cluster = globals.Open(parsed);
            var profile = await Installations.ProfileAsync(cluster, ct);
            await cluster.RunAsync(async api =>
            {
                var uninstaller = new Uninstaller(api, profile, output, parsed.GetValue(dryRun));
                if (parsed.GetValue(purge) && !parsed.GetValue(yes) && !parsed.GetValue(dryRun))
                    await AskAsync(globals.Process, cluster, profile, await uninstaller.CountRulesAsync(ct), error, ct);
                var deleted = await uninstaller.RemoveAsync(cluster.Clock, Shared.DurationOf(parsed, timeout), ct);
                if (parsed.GetValue(purge))
                    await uninstaller.PurgeAsync(ct);
                else
                    await output.WriteLineAsync(deleted ? Kept(profile) : $"nothing of profile {profile.Name} is installed");
                await TellOfSidecarsAsync(uninstaller, error, ct);
            });
            return ExitCodes.Success;
        });
        return command;
    }

    private static string Kept(Profile profile) =>
        $"kept: route rules, ConfigMaps {profile.MeshConfigMap} and {profile.InjectConfigMap}, IngressClass {profile.IngressClass}, which namespace has which host, "
        + "and the certificate authority that running sidecars trust; --purge deletes them too";

    /// <exception cref="CommandException">The user does not confirm, or there is no terminal to ask on.</exception>
    private static async Task AskAsync(
        ProcessContext process, ClusterAccess cluster, Profile profile, int rules, TextWriter error, CancellationToken ct)
    {
        var what = $"--purge deletes {rules} route rule{(rules == 1 ? "" : "s")} and the settings of profile {profile.Name} from {cluster.Server}";
        if (!process.IsInteractive)
            throw new CommandException($"{what}: nothing was deleted; add --yes to confirm");
        await error.WriteAsync($"{what}. Type yes to continue: ");
        if ((await process.Input.ReadLineAsync(ct))?.Trim() != "yes")
            throw new CommandException("nothing was deleted");
    }

    private static async Task TellOfSidecarsAsync(Uninstaller uninstaller, TextWriter error, CancellationToken ct)
    {
        try
        {
            var pods = await uninstaller.InjectedPodsAsync(ct);
            if (pods.Count > 0)
            {
                var places = string.Join(", ", pods.Select(ns => $"{ns.Count} in namespace {ns.Namespace}"));
                await error.WriteLineAsync(
                    $"note: {pods.Sum(ns => ns.Count)} pods keep their sidecar, with its current routes, until they are restarted: {places}");
            }
        }
        catch (KubeStatusException e)
        {
            await error.WriteLineAsync(
                $"note: injected pods keep their sidecar until they are restarted; they cannot be listed: {Refusal.Read(e)}");
        }
    }
}
