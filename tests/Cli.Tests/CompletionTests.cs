using System.Diagnostics;
using Turnpike.Cli;
using Turnpike.Cli.Completion;

namespace Turnpike.Tests.Cli;

/// <summary>Tests what shells offer at the end of a line, by the program and by the shells themselves where they are installed.</summary>
public sealed class CompletionTests : IDisposable
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "turnpike");

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("validate", "va")]
    [InlineData("compile,completion,convert", "co")]
    [InlineData("--keep", "demo", "--k")]
    [InlineData("", "demo", "--namesp")]
    [InlineData("--namespace", "compile", "--names")]
    [InlineData("json,text", "explain", "-o", "")]
    [InlineData("--output=json", "explain", "--output=j")]
    [InlineData("json,text", "explain", "--output", "=")]
    [InlineData("json", "explain", "--output", "=", "j")]
    [InlineData("bash,fish,zsh", "completion", "")]
    [InlineData("explain", "help", "ex")]
    [InlineData("GET", "explain", "G")]
    [InlineData("", "create", "-f", "")]
    [InlineData("", "-n", "va")]
    [InlineData("validate", "-n", "shop", "va")]
    [InlineData("", "nosuch", "va")]
    [InlineData("", "explain", "--", "--o")]
    public async Task Offers_WhatMayStandThere(string expected, params string[] words) =>
        Assert.Equal(expected, string.Join(',', await OfferedAsync(words)));

    [Fact]
    public async Task Offers_NothingHidden()
    {
        var offered = await OfferedAsync("kube-inject", "--");
        Assert.Contains("--diff", offered);
        Assert.DoesNotContain("--coreDump", offered);
        Assert.DoesNotContain("--platform", offered);
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task Script_NamesTheProgramThatPrintedIt(string shell)
    {
        var run = await CliRun.Of(new ProcessContext { CalledAs = "istioctl" }, "completion", shell);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("istioctl", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("turnpike", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "@",
            run.Output.Replace("(@", "", StringComparison.Ordinal).Replace("[@", "", StringComparison.Ordinal),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bash_CompletesCommandsOptionsValuesAndFiles()
    {
        _directory.Write("rule.yaml", "");
        const string ask = """
            source <(turnpike completion bash)
            complete -p turnpike
            ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _turnpike; echo "${COMPREPLY[*]}"; }
            ask turnpike val
            ask turnpike explain --output ''
            ask turnpike demo --k
            ask turnpike validate -f ru
            """;
        Assert.Equal(
            "complete -o bashdefault -o default -F _turnpike turnpike\nvalidate\njson text\n--keep\n\n",
            await RunAsync("bash", ["--norc", "-c", ask]));
    }

    [Fact]
    public async Task Zsh_CompletesCommandsOptionsValuesAndFiles()
    {
        _directory.Write("rule.yaml", "");
        // A terminal of zsh's own: completion exists in its line editor alone.
        const string ask = """
            zmodload zsh/zpty
            expect() {
                local seen= text
                repeat 200 { zpty -r -t shell text && seen+=$text; [[ $seen == ${~1} ]] && { echo $2; return }; sleep 0.1 }
                print -r -- "no $1 in ${(qqqq)seen}"
            }
            zpty shell zsh -f -i
            zpty -w shell 'autoload -U compinit; compinit -u -d '"$ZDOTDIR"'/dump; source <(turnpike completion zsh); echo re""ady'
            expect '*ready*' ready
            zpty -w -n shell $'turnpike val\t'
            expect '*validate *' command
            zpty -w -n shell $'\C-uturnpike explain --output j\t'
            expect '*json *' value
            zpty -w -n shell $'\C-uturnpike validate -f ru\t'
            expect '*rule.yaml*' file
            zpty -d shell
            """;
        Assert.Equal("ready\ncommand\nvalue\nfile\n", await RunAsync("zsh", ["-f", "-c", ask]));
    }

    [Fact]
    public async Task Fish_CompletesCommandsOptionsValuesAndFiles()
    {
        _directory.Write("rule.yaml", "");
        const string ask = """
            turnpike completion fish | source
            complete -C 'turnpike val'
            complete -C 'turnpike explain --output '
            complete -C 'turnpike validate -f ru'
            """;
        var lines = (await RunAsync("fish", ["--no-config", "-c", ask])).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["validate", "json", "text", "rule.yaml"], lines.Select(line => line.Split('\t')[0]));
        Assert.Contains("Check manifests", lines[0], StringComparison.Ordinal);
    }

    private static async Task<string[]> OfferedAsync(params string[] words) =>
        [
            .. (await CliRun.Of([Suggestions.Word, .. words]))
                .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split('\t')[0]),
        ];

    private async Task<string> RunAsync(string shell, string[] arguments)
    {
        var path = Environment.GetEnvironmentVariable("PATH")!;
        var found = path.Split(':').Select(d => Path.Combine(d, shell)).FirstOrDefault(File.Exists);
        Assert.SkipWhen(found is null, $"{shell} is not installed");
        var start = new ProcessStartInfo(found!, arguments)
        {
            WorkingDirectory = _directory.Path,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{Path.GetDirectoryName(Program)}:{path}";
        start.Environment["HOME"] = start.Environment["ZDOTDIR"] = _directory.Path;
        start.Environment["TERM"] = "dumb";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var process = Process.Start(start)!;
        try
        {
            process.StandardInput.Close();
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            Assert.Equal("", await error);
            return output;
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }
}
