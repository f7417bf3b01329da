using System.Diagnostics;

namespace Turnpike.Tests.Cli;

/// <summary>The program itself, by either of its names.</summary>
public sealed class ClusterProgramTests : ClusterFixture
{
    [Fact]
    public async Task Link_NamedIstioctlAnswersAsThatProgramDid()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "turnpike");
        var link = Path.Combine(Directory.Path, "istioctl");
        File.CreateSymbolicLink(link, program);
        Assert.Equal(("turnpike: nothing to create\n", 1), await RunAsync(program, "create", "-f", "-"));
        Assert.Equal(("Error: nothing to create\n", 255), await RunAsync(link, "create", "-f", "-"));
    }

    private async Task<(string Error, int ExitCode)> RunAsync(string program, params string[] arguments)
    {
        var ct = TestContext.Current.CancellationToken;
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["KUBECONFIG"] = Kubeconfig;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var error = await process.StandardError.ReadToEndAsync(ct);
        await process.WaitForExitAsync(ct);
        return (error, process.ExitCode);
    }
}
