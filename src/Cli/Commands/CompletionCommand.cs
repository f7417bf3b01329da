using System.CommandLine;
using Turnpike.Cli.Completion;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike completion</c>: the script that a shell completes command lines with.</summary>
internal static class CompletionCommand
{
    /// <param name="program">The name that the script is to complete.</param>
    public static Command Create(string program)
    {
        var shell = new Argument<string>("SHELL") { Description = string.Join(", ", CompletionScripts.Shells) + ".", HelpName = "SHELL" };
        shell.AcceptOnlyFromAmong([.. CompletionScripts.Shells]);
        var command = new Command("completion", "Print the script that makes a shell complete commands, options and their values.") { shell };
        command.SetAction(async (parsed, _) =>
        {
            await parsed.InvocationConfiguration.Output.WriteAsync(CompletionScripts.Of(parsed.GetValue(shell)!, program));
            return ExitCodes.Success;
        });
        return command;
    }
}
