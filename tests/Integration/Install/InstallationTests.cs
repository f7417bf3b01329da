using Turnpike.Cli;
using Turnpike.Tests.Integration.Support;

namespace Turnpike.Tests.Integration.Install;

/// <summary>Tests that begin with a cluster in which there is nothing of ours.</summary>
public abstract class InstallationTests(CleanApiServer server) : IAsyncLifetime
{
    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    protected CleanApiServer Server => server;

    public async ValueTask InitializeAsync() => await server.ClearAsync(Cancelled);

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>A build carries the manifests that the repository has.</summary>
    private protected static void SkipWithoutStandalone() =>
        Assert.SkipUnless(File.Exists(Path.Combine(ApiServer.Repository, "config", "standalone.yaml")), "config/ has no manifest of profile standalone");

    private protected static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private protected Task<Run> Turnpike(params string[] arguments) => Turnpike(typed: null, arguments);

    /// <param name="typed">What the user answers; null where there is nobody to ask.</param>
    /// <param name="arguments">The command line.</param>
    private protected async Task<Run> Turnpike(string? typed, string[] arguments)
    {
        using var input = new StringReader(typed ?? "");
        using var output = new StringWriter();
        using var error = new StringWriter();
        var process = new ProcessContext { Variable = name => name == "KUBECONFIG" ? server.Kubeconfig : null, Input = input, IsInteractive = typed is not null };
        var code = await CommandLine.RunAsync(arguments, process, output, error, Cancelled);
        return new Run(code, output.ToString(), error.ToString());
    }

    private protected sealed record Run(int ExitCode, string Output, string Error)
    {
        public string[] Lines => InstallationTests.Lines(Output);

        public string[] ErrorLines => InstallationTests.Lines(Error);
    }
}
