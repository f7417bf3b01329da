namespace Turnpike.Cli;

/// <summary>Ends a command with a message for its user.</summary>
/// <param name="message">The message, on one line.</param>
/// <param name="faults">The single errors behind it, if there are any: one line each, shown below the message.</param>
internal sealed class CommandException(string message, params IReadOnlyList<string> faults) : Exception(message)
{
    /// <summary>The exit code of the program.</summary>
    public int ExitCode { get; init; } = ExitCodes.Failure;

    /// <summary>The message and its errors as lines. A single error is appended to the message.</summary>
    public IEnumerable<string> Lines => faults switch
    {
        [] => [OneLine(Message)],
        [var only] => [$"{OneLine(Message)}: {OneLine(only)}"],
        _ => [OneLine(Message) + ":", .. faults.Select(fault => "  " + OneLine(fault))],
    };

    /// <summary>Returns a copy with another exit code.</summary>
    public CommandException With(int exitCode) => new(Message, faults) { ExitCode = exitCode };

    public static string OneLine(string text) => text.ReplaceLineEndings(" ").Trim();
}
