using System.CommandLine;
using Turnpike.Cli.Commands;

namespace Turnpike.Cli;

/// <summary>The program <c>turnpike</c>: its commands, and the rules that all of them share.</summary>
public static class CommandLine
{
    /// <summary>Runs one command line. Usage faults are one line each on <paramref name="error"/>, exit code 2.</summary>
    public static Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancellationToken) =>
        RunAsync(args, new ProcessContext(), output, error, cancellationToken);

    internal static async Task<int> RunAsync(
        string[] args, ProcessContext process, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var manners = Manners.Of(process.CalledAs);
        return manners.ExitCodeOf(await RunAsync(args, manners, process, output, error, cancellationToken));
    }

    private static async Task<int> RunAsync(
        string[] args, Manners manners, ProcessContext process, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var parsed = Root(process).Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var fault in parsed.Errors)
                await error.WriteLineAsync(manners.Prefix + CommandException.OneLine(fault.Message));
            await error.WriteLineAsync($"{manners.Prefix}see: {manners.Program} {CommandPath(parsed)}--help");
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
            await error.WriteLineAsync(manners.Prefix + string.Join(error.NewLine, e.Lines));
            return ExitCodes.Failure;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync(manners.Prefix + CommandException.OneLine(e.Message));
            return ExitCodes.Failure;
        }
    }

    private static RootCommand Root(ProcessContext process)
    {
        var globals = new GlobalOptions(process);
        var root = new RootCommand("Istio-style ingress, route rules and sidecar injection for Kubernetes.")
        {
            CreateCommand.Create(globals),
            ReplaceCommand.Create(globals),
            DeleteCommand.Create(globals),
            GetCommand.Create(globals),
            StatusCommand.Create(globals),
            ExplainCommand.Create(globals),
            KubeInjectCommand.Create(globals),
            ValidateCommand.Create(globals),
            CompileCommand.Create(globals),
            ServeCommand.Create(globals),
            DemoCommand.Create(),
        };
        globals.AddTo(root);
        return root;
    }

    private static string CommandPath(ParseResult parsed) =>
        parsed.CommandResult.Command is RootCommand ? "" : parsed.CommandResult.Command.Name + " ";
}
