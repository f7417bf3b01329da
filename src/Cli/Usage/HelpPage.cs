using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Turnpike.Cli.Usage;

/// <summary>The help of a command: the parser's help page, and examples.</summary>
internal sealed class HelpPage(HelpAction page) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <summary>Appends examples to every help page of a program.</summary>
    public static void AddTo(RootCommand root)
    {
        foreach (var option in root.Options.OfType<HelpOption>().ToList())
        {
            if (option.Action is HelpAction page)
                option.Action = new HelpPage(page);
        }
    }

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var code = page.Invoke(parseResult);
        var command = parseResult.CommandResult.Command;
        var examples = command is RootCommand ? Examples.OfProgram : Examples.Of(command.Name);
        if (examples.Count == 0)
            return code;
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (var example in examples)
            output.WriteLine($"  # {example.What}\n  {example.Line}");
        output.WriteLine();
        return code;
    }
}
