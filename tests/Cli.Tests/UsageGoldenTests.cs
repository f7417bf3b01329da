using System.Text;
using System.Text.RegularExpressions;
using Turnpike.Cli;
using Turnpike.Cli.Usage;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Cli;

/// <summary>
/// Command lines under <c>testdata/usage</c>, one a line after <c>turnpike</c>, against what the program says of them; and the help
/// of every command.
/// </summary>
public sealed partial class UsageGoldenTests
{
    public static TheoryData<string> Cases => [.. GoldenFiles.Cases("usage", ".lines")];

    /// <summary>The names of the commands, as completion offers them to a shell.</summary>
    public static async Task<IEnumerable<TheoryDataRow<string>>> Commands() =>
        (await CliRun.Of("__complete", ""))
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => new TheoryDataRow<string>(line.Split('\t')[0]));

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Says_WhatIsWrong(string name)
    {
        var text = new StringBuilder();
        foreach (var line in GoldenFiles.Read(name).TrimEnd('\n').Split('\n'))
        {
            var run = await CliRun.Of(Words(line));
            Assert.True(run.ExitCode != 0, $"\"{line}\" passes");
            text.Append($"$ turnpike {line}".TrimEnd()).Append('\n').Append(run.Output).Append(run.Error).Append($"[{run.ExitCode}]\n\n");
        }
        GoldenFiles.Verify(name, text.ToString());
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Help_IsTheSameBothWaysAndHasExamples(string command)
    {
        var byOption = await CliRun.Of(command, "--help");
        var byCommand = await CliRun.Of("help", command);
        Assert.Equal((0, ""), (byOption.ExitCode, byOption.Error));
        Assert.Equal(byOption, byCommand);
        Assert.Contains("\nExamples:\n  # ", byOption.Output, StringComparison.Ordinal);
        Assert.NotEmpty(Examples.Of(command));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Examples_AreCommandLinesThatTheProgramTakes(string command) => AssertTaken(Examples.Of(command));

    [Fact]
    public async Task Help_OfTheProgramIsAskedForInThreeWays()
    {
        var help = await CliRun.Of("help");
        Assert.Equal(0, help.ExitCode);
        Assert.Equal(help, await CliRun.Of("--help"));
        Assert.Equal(help, await CliRun.Of("help", ""));
        Assert.Contains("turnpike validate manifests/", help.Output, StringComparison.Ordinal);
        AssertTaken(Examples.OfProgram);
    }

    private static void AssertTaken(IEnumerable<Example> examples)
    {
        foreach (var example in examples)
        {
            var mine = ProgramCall().Matches(example.Line);
            Assert.NotEmpty(mine);
            foreach (var call in mine.Select(m => m.Groups[1].Value))
            {
                var faults = CommandLine.FaultsOf(Words(call), new ProcessContext());
                Assert.True(faults.Count == 0, $"{example.Line}: {string.Join("; ", faults)}");
            }
        }
    }

    private static string[] Words(string line) => [.. Word().Matches(line).Select(m => m.Value.Trim('\''))];

    [GeneratedRegex(@"'[^']*'|\S+")]
    private static partial Regex Word();

    /// <summary>Up to where the shell ends the command.</summary>
    [GeneratedRegex(@"\bturnpike ((?:'[^']*'|[^|>)'&])+)")]
    private static partial Regex ProgramCall();
}
