using Turnpike.Cli;

namespace Turnpike.Tests.Integration.Install;

/// <summary>Tests that begin with a cluster in which there is nothing of ours.</summary>
public abstract class InstallationTests(CleanApiServer server) : IAsyncLifetime
{
    /// <summary>The proxy's Deployment, as the operator makes it.</summary>
    private protected const string ManagedIngress = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: istio-ingress, namespace: istio-system, labels: {app.kubernetes.io/managed-by: turnpike}}
        spec:
          selector: {matchLabels: {istio: ingress}}
          template:
            metadata: {labels: {istio: ingress}}
            spec: {containers: [{name: istio-proxy, image: example.com/proxy}]}
        """;

    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    protected CleanApiServer Server => server;

    public async ValueTask InitializeAsync() => await server.ClearAsync(Cancelled);

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private protected static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private protected Task<Run> Turnpike(params string[] arguments) => Turnpike(typed: null, arguments);

    /// <param name="typed">The user's reply; null where there is no user to ask.</param>
    /// <param name="arguments">The command line.</param>
    private protected async Task<Run> Turnpike(string? typed, string[] arguments)
    {
        using var input = new StringReader(typed ?? "");
        using var output = new StringWriter();
        using var error = new StringWriter();
        var process = new ProcessContext
        {
            Variable = name => name == "KUBECONFIG" ? server.Kubeconfig : null,
            Input = input,
            IsInteractive = typed is not null,
        };
        var code = await CommandLine.RunAsync(arguments, process, output, error, Cancelled);
        return new Run(code, output.ToString(), error.ToString());
    }

    private protected sealed record Run(int ExitCode, string Output, string Error)
    {
        public string[] Lines => InstallationTests.Lines(Output);

        public string[] ErrorLines => InstallationTests.Lines(Error);
    }
}
