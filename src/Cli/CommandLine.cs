using System.CommandLine;
using Turnpike.Cli.Commands;
using Turnpike.Cli.Completion;
using Turnpike.Cli.Usage;

namespace Turnpike.Cli;

/// <summary>The program <c>turnpike</c>: its commands, and the error handling that they share.</summary>
public static class CommandLine
{
    /// <summary>Runs one command line. Each usage error is one line on <paramref name="error"/>, and the exit code is 2.</summary>
    public static Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancellationToken) =>
        RunAsync(args, new ProcessContext(), output, error, cancellationToken);

    internal static async Task<int> RunAsync(
        string[] args, ProcessContext process, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var style = ErrorStyle.Of(process.CalledAs);
        return style.ExitCodeOf(await RunAsync(args, style, process, output, error, cancellationToken));
    }

    /// <summary>Returns the errors of a command line, one line each, without running it.</summary>
    internal static IReadOnlyList<string> FaultsOf(string[] args, ProcessContext process)
    {
        var program = ErrorStyle.Of(process.CalledAs).Program;
        UsageFaults.Parse(Root(process, program), args, program, out var faults);
        return faults;
    }

    private static async Task<int> RunAsync(
        string[] args, ErrorStyle style, ProcessContext process, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var root = Root(process, style.Program);
        if (args is [Suggestions.Word, .. var words])
        {
            foreach (var (value, description) in Suggestions.For(root, words))
                await output.WriteLineAsync($"{value}\t{description}");
            return ExitCodes.Success;
        }
        if (UsageFaults.Parse(root, args, style.Program, out var faults) is not { } parsed)
        {
            foreach (var fault in faults)
                await error.WriteLineAsync(style.Prefix + fault);
            return ExitCodes.Usage;
        }
        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration
                {
                    Output = output,
                    Error = error,
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = null,
                },
                cancellationToken);
        }
        catch (CommandException e)
        {
            await error.WriteLineAsync(style.Prefix + string.Join(error.NewLine, e.Lines));
            return e.ExitCode;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync(style.Prefix + CommandException.OneLine(e.Message));
            return ExitCodes.Failure;
        }
    }

    /// <summary>Returns the commands of the program, in the order in which its help lists them.</summary>
    /// <param name="process">The process around the command line.</param>
    /// <param name="program">The name that the user calls the program by.</param>
    private static RootCommand Root(ProcessContext process, string program)
    {
        var globals = new GlobalOptions(process);
        var root = new RootCommand("Istio-style ingress, route rules and sidecar injection for Kubernetes.");
        // The commands for a cluster have every global option, those that only read files the namespace and the profile.
        foreach (var command in (Command[])
        [
            CreateCommand.Create(globals),
            ReplaceCommand.Create(globals),
            DeleteCommand.Create(globals),
            GetCommand.Create(globals),
            StatusCommand.Create(globals),
            CheckCommand.Create(globals),
            InstallCommand.Create(globals),
            UninstallCommand.Create(globals),
            VersionCommand.Create(globals),
            ExplainCommand.Create(globals),
            KubeInjectCommand.Create(globals),
        ])
        {
            root.Add(globals.ForCluster(command));
        }
        root.Add(globals.ForFiles(ValidateCommand.Create(globals)));
        root.Add(globals.ForFiles(CompileCommand.Create(globals)));
        root.Add(globals.ForFiles(ServeCommand.Create(globals)));
        root.Add(ConvertCommand.Create());
        root.Add(DemoCommand.Create());
        root.Add(CompletionCommand.Create(program));
        root.Add(HelpCommand.Create(root));
        globals.AddTo(root);
        HelpPage.AddTo(root);
        return root;
    }
}
