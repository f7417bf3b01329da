namespace Turnpike.Cli.Cluster;

/// <summary>A version and the commit that it was built from.</summary>
/// <param name="Version">The version.</param>
/// <param name="Commit">The commit, or null if it is not known.</param>
internal readonly record struct ProgramVersion(string Version, string? Commit)
{
    private const int ShortLength = 12;

    /// <summary>The version of this program.</summary>
    public static ProgramVersion OfClient { get; } = new(
        BuildInfo.Version, BuildInfo.Commit is { Length: > 0 } commit ? commit[..Math.Min(ShortLength, commit.Length)] : null);

    /// <summary>Parses a text such as <c>0.1.0+4e45fbb2b1c0</c>.</summary>
    public static ProgramVersion Parse(string build) =>
        build.IndexOf('+', StringComparison.Ordinal) is >= 0 and var plus ? new(build[..plus], build[(plus + 1)..]) : new(build, null);
}
