using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using Turnpike.Reading;

namespace Turnpike.Cli.Usage;

/// <summary>
/// What is wrong with a command line, in the sentences of this program: the parser's own are several styles and several lines for
/// one slip of the finger. Every command's faults pass through here.
/// </summary>
internal static partial class UsageFaults
{
    /// <summary>Reads a command line; null, and what is wrong with it, where it is not valid.</summary>
    /// <param name="root">The program's commands.</param>
    /// <param name="args">What its user typed.</param>
    /// <param name="program">The name that its user knows the program by.</param>
    /// <param name="faults">One line each.</param>
    public static ParseResult? Parse(RootCommand root, string[] args, string program, out IReadOnlyList<string> faults)
    {
        ParseResult parsed;
        try
        {
            parsed = root.Parse(args);
        }
        catch (InvalidOperationException e)
        {
            // A validator that asks for a value gets an exception where the value is not one; its message is the parser's.
            var command = root.Subcommands.FirstOrDefault(c => args.Contains(c.Name)) ?? root;
            faults = WithHelp([Sentence(e.Message, command)!], Help(program, command));
            return null;
        }
        faults = parsed.Action is HelpPage ? [] : Of(parsed, program);
        return faults.Count == 0 ? parsed : null;
    }

    /// <summary>The sentence for a command that is not there.</summary>
    public static string UnknownCommand(string name, Command parent) =>
        $"unknown command {Quoted(name)}{Spelling.DidYouMean(Spelling.Nearest(name, parent.Subcommands.Where(c => !c.Hidden).Select(c => c.Name)))}";

    private static List<string> Of(ParseResult parsed, string program)
    {
        var command = parsed.CommandResult.Command;
        if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens is [not ['-', ..] and var word, ..])
            return WithHelp([UnknownCommand(word, command)], Help(program, command));
        // After a name that is not known nothing else can be judged: what follows may be its value.
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
    /// Words that begin with a dash and are no option's value: the parser takes them for an argument where there is room for one. What
    /// stands behind <c>--</c> is meant as it is.
    /// </summary>
    private static IEnumerable<string> UnknownOptions(ParseResult parsed)
    {
        var literal = parsed.Tokens.SkipWhile(token => token.Type != TokenType.DoubleDash).Select(token => token.Value).ToList();
        var taken = parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value);
        return taken.Concat(parsed.UnmatchedTokens).Where(word => word is ['-', _, ..] && !literal.Contains(word)).Select(word => word.Split('=')[0]).Distinct();
    }

    private static IEnumerable<string> OptionNames(ParseResult parsed)
    {
        for (SymbolResult? at = parsed.CommandResult; at is not null; at = at.Parent)
        {
            if (at is not CommandResult { Command: var command })
                continue;
            foreach (var option in command.Options.Where(o => !o.Hidden && (o.Recursive || ReferenceEquals(at, parsed.CommandResult))))
            {
                // A single letter is near every other one.
                foreach (var name in option.Aliases.Append(option.Name).Where(name => name.StartsWith("--", StringComparison.Ordinal)))
                    yield return name;
            }
        }
    }

    /// <summary>The sentence for one of the parser's; null for those that are told otherwise.</summary>
    private static string? Sentence(string message, Command command)
    {
        if (Unmatched().IsMatch(message))
            return null;
        if (message == "Required command was not provided.")
            return "no command is given";
        if (RequiredOption().Match(message) is { Success: true } option)
            return $"{command.Name} needs {WithValue(option.Groups[1].Value, command)}";
        if (RequiredArgument().Match(message) is { Success: true } argument)
            return $"{command.Name} needs {string.Join(' ', command.Arguments.Where(a => a.Arity.MinimumNumberOfValues > 0).Select(a => a.HelpName ?? a.Name))}";
        if (RequiredValue().Match(message) is { Success: true } value)
            return $"{value.Groups[1].Value} needs a value: {WithValue(value.Groups[1].Value, command)}";
        if (SingleValue().Match(message) is { Success: true } single)
            return $"{single.Groups[1].Value} is given more than once, and takes one value";
        if (NotAmong().Match(message) is { Success: true } among)
            return $"{Quoted(among.Groups[1].Value)} is not one of {string.Join(", ", Choice().Matches(among.Groups[2].Value).Select(m => m.Groups[1].Value))}";
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
        _ when type.Contains("Int", StringComparison.Ordinal) => "a whole number",
        _ when type.Contains("Double", StringComparison.Ordinal) => "a number",
        _ => "a value that it takes",
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
