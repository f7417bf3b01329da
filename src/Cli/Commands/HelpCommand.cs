using System.CommandLine;
using System.CommandLine.Completions;
using Turnpike.Cli.Usage;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike help</c>: prints the same page as <c>--help</c>.</summary>
internal static class HelpCommand
{
    public static Command Create(RootCommand root)
    {
        var name = new Argument<string?>("COMMAND")
        {
            Description = "The command. Default: the program.",
            HelpName = "COMMAND",
            Arity = ArgumentArity.ZeroOrOne,
        };
        name.CompletionSources.Add(_ => root.Subcommands.Where(c => !c.Hidden).Select(c => new CompletionItem(c.Name, detail: c.Description)));
        var command = new Command("help", "Show the help of the program or of a command.") { name };
        command.Validators.Add(result =>
        {
            if (result.GetValue(name) is { Length: > 0 } given && root.Subcommands.All(c => c.Name != given))
                result.AddError(UsageFaults.UnknownCommand(given, root));
        });
        command.SetAction((parsed, ct) =>
        {
            string[] words = parsed.GetValue(name) is { Length: > 0 } given ? [given, "--help"] : ["--help"];
            return root.Parse(words).InvokeAsync(parsed.InvocationConfiguration, ct);
        });
        return command;
    }
}
