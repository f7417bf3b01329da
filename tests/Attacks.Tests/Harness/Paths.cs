using Turnpike.Tests.Support;

namespace Turnpike.Tests.Attacks.Harness;

internal static class Paths
{
    public static string Repository { get; } = Path.GetFullPath(Path.Combine(GoldenFiles.Root, "..", ".."));

    public static string Programs { get; } = Path.Combine(Repository, "out", "bin");
}
