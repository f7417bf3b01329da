using System.Diagnostics;
using Turnpike.Tests.Support;
using Xunit.Sdk;

namespace Turnpike.Tests.Repository.Support;

public sealed class ProgramsTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Output_IsWholeInBothPipes()
    {
        var run = await RunAsync("cat; seq 100000 >&2; exit 3", TimeSpan.FromSeconds(30), "input");
        Assert.Equal((3, "input"), (run.ExitCode, run.Output));
        Assert.Equal(100_000, run.ErrorLines.Length);
    }

    /// <summary>A process that the program leaves behind keeps its pipes open, and no caller waits for it.</summary>
    [Fact]
    public async Task ProcessLeftBehind_IsNotWaitedFor()
    {
        var run = await RunAsync("sleep 60 & echo $!", TimeSpan.FromSeconds(30));
        using var child = Process.GetProcessById(int.Parse(run.Output, System.Globalization.CultureInfo.InvariantCulture));
        Assert.False(child.HasExited);
        child.Kill();
    }

    [Fact]
    public async Task ProgramThatDoesNotEnd_FailsWithWhatItWrote()
    {
        var failure = await Assert.ThrowsAsync<FailException>(() => RunAsync("echo begun; exec sleep 60", TimeSpan.FromMilliseconds(500)));
        Assert.Contains("did not end within 0.5 s: begun", failure.Message, StringComparison.Ordinal);
    }

    private static Task<ProgramRun> RunAsync(string script, TimeSpan limit, string? input = null) =>
        Programs.RunAsync(new ProcessStartInfo("bash", ["-c", script]), limit, input, Cancelled);
}
