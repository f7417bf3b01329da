namespace Turnpike.Cli;

/// <summary>How errors are reported, which depends on the name that the program was called by.</summary>
/// <param name="Program">The name of the program, as messages show it.</param>
/// <param name="Prefix">The text before each message.</param>
/// <param name="ExitCodeOf">Translates the exit code of a command into that of the program.</param>
internal sealed record ErrorStyle(string Program, string Prefix, Func<int, int> ExitCodeOf)
{
    private static readonly ErrorStyle Turnpike = new("turnpike", "turnpike: ", code => code);

    /// <summary>For every failure istioctl printed <c>Error:</c> and exited with 255.</summary>
    private static readonly ErrorStyle Istioctl =
        new("istioctl", "Error: ", code => code == ExitCodes.Success ? code : ExitCodes.Istioctl) { MissingIsNoFailure = true };

    /// <summary>Whether getting an object that does not exist succeeds, as it did in istioctl.</summary>
    public bool MissingIsNoFailure { get; private init; }

    public static ErrorStyle Of(string calledAs) => calledAs == Istioctl.Program ? Istioctl : Turnpike;
}
