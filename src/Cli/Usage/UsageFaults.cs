using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using Turnpike.Reading;

namespace Turnpike.Cli.Usage;

/// <summary>
/// Describes the errors of command lines in this program's style. The parser's own messages vary in style and take several lines for one
/// typing
/// error.
/// </summary>
internal static partial class UsageFaults
{
    /// <summary>Parses a command line. Returns null and its errors if it is not valid.</summary>
    /// <param name="root">The commands of the program.</param>
    /// <param name="args">The arguments that the user typed.</param>
    /// <param name="program">The name that the user calls the program by.</param>
    /// <param name="faults">The errors, one line each.</param>
    public static ParseResult? Parse(RootCommand root, string[] args, string program, out IReadOnlyList<string> faults)
    {
        ParseResult parsed;
        try
        {
            parsed = root.Parse(args);
        }
        catch (InvalidOperationException e)
        {
            // A validator that reads a value gets an exception if the value does not parse; the message is the parser's.
            var command = root.Subcommands.FirstOrDefault(c => args.Contains(c.Name)) ?? root;
            faults = WithHelp([Sentence(e.Message, command)!], Help(program, command));
            return null;
        }
        faults = parsed.Action is HelpPage ? [] : Of(parsed, program);
        return faults.Count == 0 ? parsed : null;
    }

    /// <summary>Returns the error for a command that does not exist.</summary>
    public static string UnknownCommand(string name, Command parent) =>
        $"unknown command {Quoted(name)}{Spelling.DidYouMean(Spelling.Nearest(name, parent.Subcommands.Where(c => !c.Hidden).Select(c => c.Name)))}";

    private static List<string> Of(ParseResult parsed, string program)
    {
        var command = parsed.CommandResult.Command;
        if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens is [not ['-', ..] and var word, ..])
            return WithHelp([UnknownCommand(word, command)], Help(program, command));
        // After an unknown option nothing else is checked, because what follows may be its value.
        var unknown = UnknownOptions(parsed)
            .Select(option => $"unknown option {Quoted(option)}{Spelling.DidYouMean(Spelling.Nearest(option, OptionNames(parsed)))}")
            .ToList();
        if (unknown.Count == 0)
        {
            var extra = parsed.UnmatchedTokens.Select(token => $"unexpected argument {Quoted(token)}").ToList();
            unknown = [.. extra, .. parsed.Errors.Select(fault => Sentence(fault.Message, command)).OfType<string>().Distinct()];
        }
        return WithHelp(unknown, Help(program, command));
    }

    private static string Help(string program, Command command) => $"{program} {(command is RootCommand ? "" : command.Name + " ")}--help";

    private static List<string> WithHelp(List<string> faults, string help) => faults switch
    {
        [] => faults,
        [var only] when only.Contains("; ", StringComparison.Ordinal) => faults,
        [var only] => [$"{only}; see: {help}"],
        _ => [.. faults, $"see: {help}"],
    };

    /// <summary>
    /// Returns the words that begin with a dash and are not the value of an option. The parser takes them as arguments if the command has
    /// any. Words
    /// after <c>--</c> are arguments.
    /// </summary>
    private static IEnumerable<string> UnknownOptions(ParseResult parsed)
    {
        var literal = parsed.Tokens.SkipWhile(token => token.Type != TokenType.DoubleDash).Select(token => token.Value).ToList();
        var taken = parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value);
        return taken.Concat(parsed.UnmatchedTokens)
            .Where(word => word is ['-', _, ..] && !literal.Contains(word))
            .Select(word => word.Split('=')[0])
            .Distinct();
    }

    private static IEnumerable<string> OptionNames(ParseResult parsed)
    {
        for (SymbolResult? at = parsed.CommandResult; at is not null; at = at.Parent)
        {
            if (at is not CommandResult { Command: var command })
                continue;
            foreach (var option in command.Options.Where(o => !o.Hidden && (o.Recursive || ReferenceEquals(at, parsed.CommandResult))))
            {
                // Single letters are not suggested, because each is similar to every other one.
                foreach (var name in option.Aliases.Append(option.Name).Where(name => name.StartsWith("--", StringComparison.Ordinal)))
                    yield return name;
            }
        }
    }

    /// <summary>Returns our message for one of the parser's; null for those that are reported otherwise.</summary>
    private static string? Sentence(string message, Command command)
    {
        if (Unmatched().IsMatch(message))
            return null;
        if (message == "Required command was not provided.")
            return "no command is given";
        if (RequiredOption().Match(message) is { Success: true } option)
            return $"{command.Name} needs {WithValue(option.Groups[1].Value, command)}";
        if (RequiredArgument().Match(message) is { Success: true } argument)
        {
            var needed = command.Arguments.Where(a => a.Arity.MinimumNumberOfValues > 0).Select(a => a.HelpName ?? a.Name);
            return $"{command.Name} needs {string.Join(' ', needed)}";
        }
        if (RequiredValue().Match(message) is { Success: true } value)
            return $"{value.Groups[1].Value} needs a value: {WithValue(value.Groups[1].Value, command)}";
        if (SingleValue().Match(message) is { Success: true } single)
            return $"{single.Groups[1].Value} is given more than once but takes one value";
        if (NotAmong().Match(message) is { Success: true } among)
        {
            var choices = Choice().Matches(among.Groups[2].Value).Select(m => m.Groups[1].Value);
            return $"{Quoted(among.Groups[1].Value)} is not one of {string.Join(", ", choices)}";
        }
        if (NotOfType().Match(message) is { Success: true } type)
            return $"{type.Groups[2].Value}: {Quoted(type.Groups[1].Value)} is not {TypeName(type.Groups[3].Value)}";
        return CommandException.OneLine(message);
    }

    private static string WithValue(string name, Command command)
    {
        var option = command.Options.FirstOrDefault(o => o.Name == name || o.Aliases.Contains(name));
        return option?.HelpName is { } value ? $"{name} {value}" : name;
    }

    private static string TypeName(string type) => type switch
    {
        _ when type.Contains("Boolean", StringComparison.Ordinal) => "true or false",
        _ when type.Contains("Int", StringComparison.Ordinal) => "an integer",
        _ when type.Contains("Double", StringComparison.Ordinal) => "a number",
        _ => "a valid value",
    };

    private static string Quoted(string text) => $"\"{CommandException.OneLine(text)}\"";

    [GeneratedRegex("^Unrecognized command or argument '")]
    private static partial Regex Unmatched();

    [GeneratedRegex(@"^Option '(.+)' is required\.$")]
    private static partial Regex RequiredOption();

    [GeneratedRegex(@"^Required argument (?:'.+' )?missing for command: '(.+)'\.$")]
    private static partial Regex RequiredArgument();

    [GeneratedRegex(@"^Required argument missing for option: '(.+)'\.$")]
    private static partial Regex RequiredValue();

    [GeneratedRegex(@"^Option '(.+)' expects a single argument but \d+ were provided\.$")]
    private static partial Regex SingleValue();

    [GeneratedRegex(@"^Argument '(.*)' not recognized\. Must be one of:(.*)$", RegexOptions.Singleline)]
    private static partial Regex NotAmong();

    [GeneratedRegex("'([^']+)'")]
    private static partial Regex Choice();

    [GeneratedRegex(@"^Cannot parse argument '(.*)' for option '(.+)' as expected type '(.+)'\.", RegexOptions.Singleline)]
    private static partial Regex NotOfType();
}
