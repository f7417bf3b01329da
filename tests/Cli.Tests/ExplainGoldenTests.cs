using System.Text;
using System.Text.RegularExpressions;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Cli;

/// <summary>
/// Requests under <c>testdata/explain</c> against what <c>turnpike explain</c> says of them. The first line of a case names the
/// manifests, every further one is a command line after <c>turnpike explain</c>.
/// </summary>
public sealed partial class ExplainGoldenTests
{
    public static TheoryData<string> Cases => [.. GoldenFiles.Cases("explain", ".requests")];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Explains_AsExpected(string name)
    {
        var lines = GoldenFiles.Read(name).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        using var directory = new TemporaryDirectory();
        foreach (var manifests in lines[0]["manifests:".Length..].Split(',', StringSplitOptions.TrimEntries))
            directory.Write(Path.GetFileName(manifests), GoldenFiles.Read(manifests));
        var text = new StringBuilder();
        foreach (var line in lines[1..])
        {
            var run = await CliRun.Of([
                "explain",
                .. Words().Matches(line).Select(m => m.Value.Trim('\'')),
                "--config-dir",
                directory.Path,
            ]);
            Assert.Equal((0, ""), (run.ExitCode, run.Error));
            // The version says that the table is another, not which way the request goes.
            var output = Versions().Replace(run.Output.Replace(directory.Path, "DIR", StringComparison.Ordinal), "VERSION");
            text.Append("$ turnpike explain ").Append(line).Append('\n').Append(output).Append('\n');
        }
        GoldenFiles.Verify(name, text.ToString());
    }

    [GeneratedRegex(@"'[^']*'|\S+")]
    private static partial Regex Words();

    [GeneratedRegex("[0-9a-f]{16}")]
    private static partial Regex Versions();
}
