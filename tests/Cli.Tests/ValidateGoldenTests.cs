using System.Text;
using Turnpike.Cli;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Cli;

/// <summary>
/// Sets of files under <c>testdata/validate-sets</c> against what <c>turnpike validate</c> says of them. A case begins with command lines
/// (<c>$</c>);
/// then come the files, each after a line <c>--- NAME</c>.
/// </summary>
public sealed class ValidateGoldenTests
{
    public static TheoryData<string> Cases => [.. GoldenFiles.Cases("validate-sets", ".case")];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Says_WhatIsWrongWithTheSet(string name)
    {
        using var directory = new TemporaryDirectory();
        var commands = new List<string>();
        string? file = null;
        foreach (var line in GoldenFiles.Read(name).Split('\n'))
        {
            if (line.StartsWith("--- ", StringComparison.Ordinal))
            {
                file = Path.Combine(directory.Path, line[4..]);
                System.IO.Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            }
            else if (file is null)
            {
                commands.Add(line[2..]);
            }
            else
            {
                await File.AppendAllTextAsync(file, line + "\n", TestContext.Current.CancellationToken);
            }
        }
        var text = new StringBuilder();
        foreach (var command in commands)
        {
            // Names of files are told from the directory, as if it were the one to work in.
            var words = command
                .Split(' ')
                .Select(word =>
                    word == "." ? directory.Path
                    : Path.Exists(Path.Combine(directory.Path, word)) ? Path.Combine(directory.Path, word)
                    : word);
            var run = await CliRun.Of(new ProcessContext { Variable = _ => null, Input = new StringReader("") }, ["validate", .. words]);
            var said = (run.Error + run.Output)
                .Replace(directory.Path + "/", "", StringComparison.Ordinal)
                .Replace(directory.Path, ".", StringComparison.Ordinal);
            text.Append($"$ turnpike validate {command}\n{said}[{run.ExitCode}]\n\n");
        }
        GoldenFiles.Verify(name, text.ToString());
    }
}
