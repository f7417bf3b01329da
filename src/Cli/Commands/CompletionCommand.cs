using System.CommandLine;
using Turnpike.Cli.Completion;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike completion</c>: prints the script by which a shell completes command lines.</summary>
internal static class CompletionCommand
{
    /// <summary>Returns the command.</summary>
    /// <param name="program">The name of the program that the script completes.</param>
    public static Command Create(string program)
    {
        var shell = new Argument<string>("SHELL")
        {
            Description = $"The shell: {string.Join(", ", CompletionScripts.Shells)}.",
            HelpName = "SHELL",
        };
        shell.AcceptOnlyFromAmong([.. CompletionScripts.Shells]);
        var command = new Command("completion", "Print a script with which a shell completes commands, options and their values.") { shell };
        command.SetAction(async (parsed, _) =>
        {
            await parsed.InvocationConfiguration.Output.WriteAsync(CompletionScripts.Of(parsed.GetValue(shell)!, program));
            return ExitCodes.Success;
        });
        return command;
    }
}
