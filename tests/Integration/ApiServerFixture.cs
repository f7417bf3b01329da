using System.Diagnostics;
using System.Globalization;

[assembly: AssemblyFixture(typeof(Turnpike.Tests.Integration.ApiServerFixture))]

namespace Turnpike.Tests.Integration;

/// <summary>
/// A real kube-apiserver with our custom resource definitions, one for all tests of this project: take it as a constructor parameter,
/// and take a namespace of your own from <see cref="CreateNamespaceAsync"/>. It comes from <c>hack/devcluster/apiserver</c>, which takes its
/// programs from <c>$KUBEBUILDER_ASSETS</c>, else from those that <c>hack/devcluster/build</c> made.
/// </summary>
public sealed class ApiServerFixture : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _directory = Path.Combine(Directory.CreateTempSubdirectory("turnpike-apiserver-").FullName, "state");
    private int _namespaces;

    /// <summary>Of a user who may do everything.</summary>
    public string Kubeconfig { get; private set; } = "";

    /// <summary>The root of the repository.</summary>
    public string Repository { get; } = FindRepository();

    private string Script => Path.Combine(Repository, "hack", "devcluster", "apiserver");

    public async ValueTask InitializeAsync()
    {
        if (Program("kube-apiserver") is null)
        {
            throw new InvalidOperationException(
                "these tests need kube-apiserver, etcd and kubectl: run hack/devcluster/build, or set KUBEBUILDER_ASSETS to a folder that has them");
        }
        var run = await RunAsync(Script, null, CancellationToken.None, "up", _directory);
        if (run.ExitCode != 0)
            throw new InvalidOperationException($"{Script} up ended with {run.ExitCode}: {run.Error}{run.Output}");
        Kubeconfig = run.Output.Trim();
        await KubectlAsync(CancellationToken.None, "apply", "-f", Path.Combine(Repository, "config", "crds"));
        await KubectlAsync(CancellationToken.None, "wait", "--for=condition=Established", "--timeout=30s", "crd", "--all");
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync(Script, null, CancellationToken.None, "down", _directory);
        Directory.Delete(Path.GetDirectoryName(_directory)!, recursive: true);
    }

    /// <summary>A new namespace, which no other test uses.</summary>
    public async Task<string> CreateNamespaceAsync(CancellationToken ct)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test-{Interlocked.Increment(ref _namespaces)}");
        await KubectlAsync(ct, "create", "namespace", name);
        return name;
    }

    /// <summary>What kubectl prints; it must succeed.</summary>
    public async Task<string> KubectlAsync(CancellationToken ct, params string[] arguments) => (await KubectlAsync(null, ct, arguments)).Expect();

    /// <summary>One call of kubectl.</summary>
    /// <param name="input">Its standard input.</param>
    public Task<ProgramRun> KubectlAsync(string? input, CancellationToken ct, params string[] arguments)
    {
        var kubectl = Program("kubectl") ?? "kubectl";
        return RunAsync(kubectl, input, ct, ["--kubeconfig", Kubeconfig, .. arguments]);
    }

    private static string? Program(string name)
    {
        var cache = Environment.GetEnvironmentVariable("TURNPIKE_CACHE") is { Length: > 0 } given ? given : Path.Combine(UserCache(), "turnpike-devcluster");
        var folders = new[] { Environment.GetEnvironmentVariable("KUBEBUILDER_ASSETS"), Path.Combine(cache, "bin") };
        return folders.Where(folder => !string.IsNullOrEmpty(folder)).Select(folder => Path.Combine(folder!, name)).FirstOrDefault(File.Exists);
    }

    private static string UserCache() => Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } given
        ? given
        : Path.Combine(Environment.GetEnvironmentVariable("HOME") ?? "/", ".cache");

    private static string FindRepository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Operator.sln")))
            directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException($"no repository around {AppContext.BaseDirectory}");
    }

    private static async Task<ProgramRun> RunAsync(string program, string? input, CancellationToken ct, params string[] arguments)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true },
        };
        process.Start();
        try
        {
            if (input is not null)
                await process.StandardInput.WriteAsync(input.AsMemory(), limit.Token);
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new ProgramRun($"{program} {string.Join(' ', arguments)}", process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}

/// <summary>One call of a program and what it wrote.</summary>
public sealed record ProgramRun(string CommandLine, int ExitCode, string Output, string Error)
{
    /// <summary>The output of a call that must have succeeded.</summary>
    public string Expect()
    {
        Assert.True(ExitCode == 0, $"{CommandLine} ended with {ExitCode}: {Error}");
        return Output;
    }
}
