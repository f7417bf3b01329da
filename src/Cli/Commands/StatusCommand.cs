using System.CommandLine;
using Turnpike.Cli.Cluster.Status;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike status</c>: the installation at a glance.</summary>
internal static class StatusCommand
{
    private const string Text = "text";
    private const string Json = "json";

    public static Command Create(GlobalOptions globals)
    {
        var format = new Option<string>("--output", "-o") { Description = "How to print.", HelpName = $"{Text}|{Json}", DefaultValueFactory = _ => Text };
        format.AcceptOnlyFromAmong(Text, Json);
        var command = new Command("status", "Say how operator, webhooks, proxies, rules and Ingresses are: exit code 1 when something is wrong.") { format };
        command.SetAction(async (parsed, ct) =>
        {
            using var cluster = globals.Open(parsed);
            var parts = await new InstallationStatus(cluster).ReadAsync(ct);
            await parsed.InvocationConfiguration.Output.WriteAsync(
                parsed.GetValue(format) == Json ? StatusPrinter.Json(cluster.Server, parts) : StatusPrinter.Text(parts));
            return StatusPrinter.IsHealthy(parts) ? ExitCodes.Success : ExitCodes.Failure;
        });
        return command;
    }
}
