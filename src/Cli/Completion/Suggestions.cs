using System.CommandLine;
using System.CommandLine.Completions;

namespace Turnpike.Cli.Completion;

/// <summary>
/// Returns the words that a shell offers at the end of a command line. Where a file name may stand it returns none, so that the shell
/// offers files.
/// </summary>
internal static class Suggestions
{
    /// <summary>The argument with which the scripts of <see cref="CompletionScripts"/> call the program.</summary>
    public const string Word = "__complete";

    /// <summary>Returns the suggestions for a command line.</summary>
    /// <param name="root">The commands of the program.</param>
    /// <param name="words">The words of the line up to the cursor; the last is the one being typed and may be empty.</param>
    /// <returns>The words, each with its description, which may be empty.</returns>
    public static IReadOnlyList<(string Value, string Description)> For(RootCommand root, IReadOnlyList<string> words)
    {
        var typed = words.Count > 0 ? words[^1] : "";
        Command command = root;
        Option? pending = null;
        var positional = 0;
        var isLiteral = false;
        foreach (var word in words.Take(words.Count - 1))
        {
            // Bash makes the sign between an option and its value a word of its own.
            if (pending is not null && word == "=")
                continue;
            if (pending is not null)
                pending = null;
            else if (word == "--")
                isLiteral = true;
            else if (!isLiteral && word is ['-', _, ..])
                pending = word.Contains('=', StringComparison.Ordinal) ? null : OptionWithValue(word, command, root);
            else if (!isLiteral && positional == 0 && command.Subcommands.FirstOrDefault(c => c.Name == word) is { } sub)
                command = sub;
            else
                positional++;
        }
        if (pending is not null)
            return Starting(typed == "=" ? "" : typed, pending.GetCompletions(CompletionContext.Empty).Select(Item));
        if (!isLiteral && typed.StartsWith('-'))
        {
            return typed.IndexOf('=', StringComparison.Ordinal) is > 0 and var sign
                ? Values(typed, sign, command, root)
                : Starting(typed, Options(command, root));
        }
        var arguments = command.Arguments.Where(a => !a.Hidden).ToList();
        var values = arguments.Count == 0
            ? []
            : arguments[Math.Min(positional, arguments.Count - 1)].GetCompletions(CompletionContext.Empty).Select(Item);
        var commands = positional == 0 && !isLiteral
            ? command.Subcommands.Where(c => !c.Hidden).Select(c => (c.Name, c.Description ?? ""))
            : [];
        return Starting(typed, commands.Concat(values));
    }

    private static IReadOnlyList<(string Value, string Description)> Values(string typed, int sign, Command command, RootCommand root)
    {
        var option = OptionNamed(typed[..sign], command, root);
        var values = option?.GetCompletions(CompletionContext.Empty).Select(Item) ?? [];
        return [.. Starting(typed[(sign + 1)..], values).Select(value => (typed[..(sign + 1)] + value.Value, value.Description))];
    }

    private static IEnumerable<(string Value, string Description)> Options(Command command, RootCommand root) =>
        Visible(command, root)
            .SelectMany(option => option.Aliases.Append(option.Name).Select(name => (name, option.Description ?? "")))
            .Where(option => option.name.StartsWith("--", StringComparison.Ordinal));

    private static IEnumerable<Option> Visible(Command command, RootCommand root) =>
        command.Options.Concat(ReferenceEquals(command, root) ? [] : root.Options.Where(o => o.Recursive)).Where(option => !option.Hidden);

    private static Option? OptionNamed(string name, Command command, RootCommand root) =>
        command.Options.Concat(root.Options).FirstOrDefault(option => option.Name == name || option.Aliases.Contains(name));

    private static Option? OptionWithValue(string name, Command command, RootCommand root) =>
        OptionNamed(name, command, root) is { } option && TakesValue(option) ? option : null;

    private static bool TakesValue(Option option) =>
        option.Arity.MaximumNumberOfValues > 0 && option.ValueType != typeof(bool) && option.ValueType != typeof(void);

    private static (string Value, string Description) Item(CompletionItem item) => (item.InsertText ?? item.Label, item.Detail ?? "");

    private static IReadOnlyList<(string Value, string Description)> Starting(
        string typed, IEnumerable<(string Value, string Description)> all) =>
        [
            .. all.Where(item => item.Value.StartsWith(typed, StringComparison.Ordinal))
                .DistinctBy(item => item.Value)
                .OrderBy(item => item.Value, StringComparer.Ordinal),
        ];
}
