using System.CommandLine;
using Turnpike.Cli.Cluster.Status;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike status</c>: shows the health of the installation.</summary>
internal static class StatusCommand
{
    public static Command Create(GlobalOptions globals)
    {
        var format = Shared.Format();
        var command = new Command(
            "status",
            "Show the health of the operator, webhooks, certificates, proxies, rules and Ingresses. "
            + "Exit code 0: no problems, 1: problems, 3: not known.")
        {
            format,
        };
        command.SetAction((parsed, ct) =>
            Shared.PrintPartsAsync(parsed, globals, format, async cluster => await new InstallationStatus(cluster).ReadAsync(ct)));
        return command;
    }
}
