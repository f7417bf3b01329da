using System.Text;

namespace Turnpike.Tests.Support;

/// <summary>
/// Golden cases under <c>tests/testdata</c>: the inputs are found on disk, each has its expectation beside it in
/// <c>&lt;case&gt;.golden</c>. With <c>TURNPIKE_GOLDEN=update</c> in the environment the expectations are rewritten.
/// </summary>
public static class GoldenFiles
{
    private const string Extension = ".golden";

    private static bool Update
    {
        get
        {
            if (Environment.GetEnvironmentVariable("TURNPIKE_GOLDEN") != "update")
                return false;
            // A run that rewrites its expectations cannot fail.
            if (Environment.GetEnvironmentVariable("CI") == "true")
                throw new GoldenException("TURNPIKE_GOLDEN=update is refused under CI: run `make golden`, read the diff and commit it");
            return true;
        }
    }

    /// <summary>The directory <c>tests/testdata</c> of the repository that this assembly was built from.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>
    /// The inputs below a directory of the test data that end in one of <paramref name="extensions"/>, relative to <see cref="Root"/>.
    /// </summary>
    public static IEnumerable<string> Cases(string directory, params string[] extensions) =>
        Directory.EnumerateFiles(Path.Combine(Root, directory), "*", SearchOption.AllDirectories)
            .Where(file => extensions.Contains(Path.GetExtension(file), StringComparer.Ordinal))
            .Select(file => Path.GetRelativePath(Root, file).Replace(Path.DirectorySeparatorChar, '/'))
            .Order(StringComparer.Ordinal);

    public static string Read(string name) => File.ReadAllText(Path.Combine(Root, name));

    /// <summary>Compares <paramref name="actual"/> with the expectation of the case, or rewrites that.</summary>
    /// <exception cref="GoldenException">They differ, or there is no expectation.</exception>
    public static void Verify(string name, string actual)
    {
        var file = Path.ChangeExtension(Path.Combine(Root, name), Extension);
        var text = actual.ReplaceLineEndings("\n").TrimEnd('\n') + "\n";
        if (Update)
        {
            File.WriteAllText(file, text);
        }
        else if (!File.Exists(file))
        {
            throw new GoldenException($"{name} has no expectation beside it; TURNPIKE_GOLDEN=update writes one:\n{text}");
        }
        else if (File.ReadAllText(file) is var expected && expected != text)
        {
            throw new GoldenException(
                $"{name} differs from its expectation; TURNPIKE_GOLDEN=update accepts it:\n{Difference(expected, text)}");
        }
    }

    private static string Difference(string expected, string actual)
    {
        var (old, now) = (expected.Split('\n'), actual.Split('\n'));
        var text = new StringBuilder();
        for (var i = 0; i < Math.Max(old.Length, now.Length); i++)
        {
            var (left, right) = (old.ElementAtOrDefault(i), now.ElementAtOrDefault(i));
            if (left == right)
                continue;
            if (left is not null)
                text.Append("- ").Append(left).Append('\n');
            if (right is not null)
                text.Append("+ ").Append(right).Append('\n');
        }
        return text.ToString();
    }

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Operator.sln")))
                return Path.Combine(directory.FullName, "tests", "testdata");
        }
        throw new DirectoryNotFoundException($"no directory above {AppContext.BaseDirectory} holds Operator.sln");
    }
}

/// <summary>A golden case came out otherwise than expected.</summary>
public sealed class GoldenException(string message) : Exception(message);
