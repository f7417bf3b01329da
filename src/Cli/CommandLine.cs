using System.CommandLine;
using Turnpike.Cli.Commands;

namespace Turnpike.Cli;

/// <summary>The program <c>turnpike</c>: its commands, and the rules that all of them share.</summary>
public static class CommandLine
{
    /// <summary>Runs one command line. Usage faults are one line each on <paramref name="error"/>, exit code 2.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var root = new RootCommand("Istio-style ingress, route rules and sidecar injection for Kubernetes.")
        {
            ServeCommand.Create(),
            CompileCommand.Create(),
            ValidateCommand.Create(),
            KubeInjectCommand.Create(),
            DemoCommand.Create(),
        };
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var fault in parsed.Errors)
                await error.WriteLineAsync($"turnpike: {OneLine(fault.Message)}");
            await error.WriteLineAsync($"turnpike: see: turnpike {CommandPath(parsed)}--help");
            return ExitCodes.Usage;
        }
        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null },
                cancellationToken);
        }
        catch (CommandException e)
        {
            await error.WriteLineAsync($"turnpike: {OneLine(e.Message)}");
            return ExitCodes.Failure;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync($"turnpike: {OneLine(e.Message)}");
            return ExitCodes.Failure;
        }
    }

    private static string CommandPath(ParseResult parsed) =>
        parsed.CommandResult.Command is RootCommand ? "" : parsed.CommandResult.Command.Name + " ";

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").Trim();
}

/// <summary>A command cannot go on; the message is for its user, in one line.</summary>
internal sealed class CommandException(string message) : Exception(message);
