using System.Collections.Immutable;

namespace Turnpike.Cli.Completion;

/// <summary>The scripts by which a shell completes command lines of this program. Each calls the program itself.</summary>
internal static class CompletionScripts
{
    private const string Program = "@PROGRAM@";

    public static ImmutableArray<string> Shells { get; } = ["bash", "fish", "zsh"];

    /// <summary>Returns the script for a shell.</summary>
    /// <param name="shell">One of <see cref="Shells"/>.</param>
    /// <param name="program">The name that the program is called by.</param>
    public static string Of(string shell, string program)
    {
        using var stream = typeof(CompletionScripts).Assembly.GetManifestResourceStream($"completion/{shell}")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Replace(Program, program, StringComparison.Ordinal);
    }
}
