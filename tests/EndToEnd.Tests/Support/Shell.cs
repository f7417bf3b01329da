using System.Diagnostics;

namespace Turnpike.Tests.EndToEnd.Support;

/// <summary>The outcome of a command.</summary>
internal sealed record ShellResult(string Script, int ExitCode, string Output, string Error, TimeSpan Elapsed)
{
    /// <summary>Its standard output without the white space around it; fails the test when the command failed.</summary>
    public string Succeeded()
    {
        if (ExitCode != 0)
            Assert.Fail($"a command failed: {this}");
        return Output.Trim();
    }

    /// <summary>Its standard error; fails the test when the command succeeded.</summary>
    public string Failed()
    {
        if (ExitCode == 0)
            Assert.Fail($"a command succeeded that should not have: {this}");
        return Error.Trim();
    }

    public override string ToString() => $"""
        $ {Script.Trim()}
        {Output.Trim()}
        {Error.Trim()}
        (exit code {ExitCode})
        """;
}

/// <summary>A user's shell: bash in one folder, with what was exported before.</summary>
internal sealed class Shell(string directory)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private readonly Dictionary<string, string> _exported = [];

    public void Export(string name, string value) => _exported[name] = value;

    /// <summary>Runs a script that may fail; one that does not end within 90 s fails the test.</summary>
    public async Task<ShellResult> TryAsync(string script)
    {
        var start = new ProcessStartInfo("bash", ["-c", script]) { WorkingDirectory = directory };
        foreach (var (name, value) in _exported)
            start.Environment[name] = value;
        var started = Stopwatch.GetTimestamp();
        var run = await Programs.RunAsync(start, Limit, "", TestContext.Current.CancellationToken);
        return new ShellResult(script, run.ExitCode, run.Output, run.Error, Stopwatch.GetElapsedTime(started));
    }

    /// <summary>Runs a script that must succeed; its standard output.</summary>
    public async Task<string> RunAsync(string script) => (await TryAsync(script)).Succeeded();
}
