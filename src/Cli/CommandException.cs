namespace Turnpike.Cli;

/// <summary>A command cannot go on; the message is for its user, in one line.</summary>
/// <param name="message">What is wrong.</param>
/// <param name="faults">What it consists of, where there is more to say: one line each, shown below the message.</param>
internal sealed class CommandException(string message, params IReadOnlyList<string> faults) : Exception(message)
{
    /// <summary>What the program leaves with.</summary>
    public int ExitCode { get; init; } = ExitCodes.Failure;

    /// <summary>The message and its faults as lines; a single fault joins the message.</summary>
    public IEnumerable<string> Lines => faults switch
    {
        [] => [OneLine(Message)],
        [var only] => [$"{OneLine(Message)}: {OneLine(only)}"],
        _ => [OneLine(Message) + ":", .. faults.Select(fault => "  " + OneLine(fault))],
    };

    /// <summary>The same, with another exit code.</summary>
    public CommandException With(int exitCode) => new(Message, faults) { ExitCode = exitCode };

    public static string OneLine(string text) => text.ReplaceLineEndings(" ").Trim();
}
