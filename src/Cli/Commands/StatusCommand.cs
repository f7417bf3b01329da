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
        var command = new Command("status", "Say how operator, webhooks, proxies, rules and Ingresses are: exit code 0 fine, 1 something is wrong, 3 that cannot be told.") { format };
        command.SetAction(async (parsed, ct) =>
        {
            try
            {
                using var cluster = globals.Open(parsed);
                var parts = await new InstallationStatus(cluster).ReadAsync(ct);
                await parsed.InvocationConfiguration.Output.WriteAsync(
                    parsed.GetValue(format) == Json ? StatusPrinter.Json(cluster.Server, parts) : StatusPrinter.Text(parts));
                return StatusPrinter.ExitCode(parts);
            }
            catch (CommandException e)
            {
                // Nothing is known of an installation that cannot be asked, not even that it is broken.
                throw e.With(ExitCodes.CannotTell);
            }
        });
        return command;
    }
}
