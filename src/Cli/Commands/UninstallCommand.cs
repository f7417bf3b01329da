using System.CommandLine;
using Turnpike.Api;
using Turnpike.Cli.Cluster;
using Turnpike.Cli.Cluster.Installation;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike uninstall</c>: what install brought goes; what users made stays, unless it is to go too.</summary>
internal static class UninstallCommand
{
    private const string DefaultTimeout = "1m";

    public static Command Create(GlobalOptions globals)
    {
        var purge = new Option<bool>("--purge") { Description = "Delete route rules, settings and the namespace too; the namespace only if nothing else is in it." };
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask before --purge." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would be deleted; nothing is." };
        var timeout = Shared.Duration("--timeout", DefaultTimeout, "How long the operator's pods are waited for to end.");
        var command = new Command("uninstall", "Remove the installation from the cluster. Route rules and settings stay unless --purge is given; webhooks go first, so that nothing is held up.")
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
        + "and the authority that running sidecars trust; --purge deletes them too";

    /// <exception cref="CommandException">The user does not say yes, or there is nobody to ask.</exception>
    private static async Task AskAsync(ProcessContext process, ClusterAccess cluster, Profile profile, int rules, TextWriter error, CancellationToken ct)
    {
        var what = $"--purge deletes {rules} route rule{(rules == 1 ? "" : "s")} and the settings of profile {profile.Name} from {cluster.Server}";
        if (!process.IsInteractive)
            throw new CommandException($"{what}: nothing was deleted; add --yes if that is meant");
        await error.WriteAsync($"{what}. Type yes to go on: ");
        if ((await process.Input.ReadLineAsync(ct))?.Trim() != "yes")
            throw new CommandException("nothing was deleted");
    }

    private static async Task TellOfSidecarsAsync(Uninstaller uninstaller, TextWriter error, CancellationToken ct)
    {
        try
        {
            var pods = await uninstaller.InjectedPodsAsync(ct);
            if (pods.Count > 0)
                await error.WriteLineAsync($"note: {pods.Sum(ns => ns.Count)} pods keep their sidecar, with the routes it has now, until they are restarted: {string.Join(", ", pods.Select(ns => $"{ns.Count} in namespace {ns.Namespace}"))}");
        }
        catch (KubeStatusException e)
        {
            await error.WriteLineAsync($"note: injected pods keep their sidecar until they are restarted; which ones there are cannot be seen: {Refusal.Read(e)}");
        }
    }
}
