using System.CommandLine;
using Turnpike.Cli.Cluster.Status;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike status</c>: the installation at a glance.</summary>
internal static class StatusCommand
{
    public static Command Create(GlobalOptions globals)
    {
        var format = Shared.Format();
        var command = new Command("status", "Say how operator, webhooks, proxies, rules and Ingresses are: exit code 0 fine, 1 something is wrong, 3 that cannot be told.") { format };
        command.SetAction((parsed, ct) => Shared.PrintPartsAsync(parsed, globals, format, async cluster => await new InstallationStatus(cluster).ReadAsync(ct)));
        return command;
    }
}
