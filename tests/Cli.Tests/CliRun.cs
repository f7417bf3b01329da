using Turnpike.Cli;

namespace Turnpike.Tests.Cli;

/// <summary>One run of the command line in this process, and what it wrote.</summary>
internal sealed record CliRun(int ExitCode, string Output, string Error)
{
    /// <summary>A process that knows of no cluster, whatever this machine has.</summary>
    private static readonly ProcessContext Alone = new() { Variable = _ => null };

    public static Task<CliRun> Of(params string[] arguments) => Of(Alone, arguments);

    public static async Task<CliRun> Of(ProcessContext process, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await CommandLine.RunAsync(arguments, process, output, error, TestContext.Current.CancellationToken);
        return new CliRun(exitCode, output.ToString(), error.ToString());
    }

    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>A directory that is gone at the end of the test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("turnpike-test-").FullName;

    public string Write(string name, string text)
    {
        var file = System.IO.Path.Combine(Path, name);
        File.WriteAllText(file, text);
        return file;
    }

    public void Delete(string name) => File.Delete(System.IO.Path.Combine(Path, name));

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

internal static class SampleManifests
{
    public static string Service(int port) => $$"""
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec:
          ports: [{name: http, port: 80}]
        ---
        apiVersion: v1
        kind: Endpoints
        metadata: {name: web}
        subsets:
        - addresses: [{ip: 127.0.0.1}]
          ports: [{name: http, port: {{port}} }]
        """;

    public static string Ingress(string path = "/") => $"""
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: web
          annotations:
            kubernetes.io/ingress.class: istio
        spec:
          rules:
          - http:
              paths:
              - path: {path}
                pathType: Exact
                backend:
                  service:
                    name: web
                    port:
                      number: 80
        """;

    public static string Rule(string timeout = "timeout: 3s") => $"""
        apiVersion: config.istio.io/v1alpha2
        kind: RouteRule
        metadata:
          name: rule
        spec:
          destination:
            name: web
          http_req_timeout:
            simple_timeout:
              {timeout}
        """;
}
