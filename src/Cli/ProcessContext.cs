namespace Turnpike.Cli;

/// <summary>The process around a command line. Tests pass another one.</summary>
internal sealed record ProcessContext
{
    /// <summary>The name that the program was called by. Through a link named <c>istioctl</c> it behaves as that program did.</summary>
    public string CalledAs { get; init; } = "turnpike";

    /// <summary>Returns an environment variable, or null if it is not set.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    public TextReader Input { get; init; } = Console.In;

    /// <summary>Whether standard output is a terminal.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>Whether there is a user who can answer questions.</summary>
    public bool IsInteractive { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Returns this process. The name that the user typed is read from the system, because .NET does not keep it.</summary>
    public static ProcessContext Real()
    {
        const string commandLine = "/proc/self/cmdline";
        var typed = File.Exists(commandLine) ? File.ReadAllText(commandLine).Split('\0')[0] : "";
        return new ProcessContext
        {
            CalledAs = Path.GetFileName(typed),
            IsTerminal = !Console.IsOutputRedirected,
            IsInteractive = !Console.IsInputRedirected && !Console.IsErrorRedirected,
        };
    }
}
