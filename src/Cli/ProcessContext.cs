namespace Turnpike.Cli;

/// <summary>What of the process around it a command line depends on; tests give another.</summary>
internal sealed record ProcessContext
{
    /// <summary>The name that the program was called by: a link named <c>istioctl</c> answers as that program did.</summary>
    public string CalledAs { get; init; } = "turnpike";

    /// <summary>An environment variable; null where there is none.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    public TextReader Input { get; init; } = Console.In;

    /// <summary>Whether somebody looks at standard output as it comes.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>Whether there is somebody to ask.</summary>
    public bool IsInteractive { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>This process. Of a .NET program only the system knows what name its user typed.</summary>
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
