using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Turnpike.Hosting.Client;

namespace Turnpike.Tests.Support.Kubernetes;

/// <summary>
/// A real kube-apiserver with an etcd of its own, and kubectl for it. It comes from <c>hack/devcluster/apiserver</c>, which takes its
/// programs from <c>$KUBEBUILDER_ASSETS</c>, else from those that <c>hack/devcluster/build</c> made.
/// </summary>
public abstract class ApiServer : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("turnpike-apiserver-").FullName;
    private KubeApi? _api;
    private int _namespaces;

    /// <summary>The kubeconfig of a user who may do everything.</summary>
    public string Kubeconfig { get; private set; } = "";

    /// <summary>The same user, without kubectl.</summary>
    public KubeApi Api => _api ?? throw new InvalidOperationException("the API server is not up");

    /// <summary>Of Kubernetes 1: what a server does is a matter of it, and the tests hold from 20 on.</summary>
    public int Minor { get; private set; }

    /// <summary>Whether the rules of CEL in a definition count. Up to 24 they are dropped, and up to 22 kubectl takes them for a mistake (README).</summary>
    public bool ChecksCel => Minor >= 25;

    /// <summary>The root of the repository.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>For what a test has to keep in files; gone with the API server.</summary>
    protected string Files => _directory;

    /// <summary>What ServiceAccounts have asked for so far: events of the audit log.</summary>
    internal async Task<IReadOnlyList<JsonElement>> AuditAsync(CancellationToken ct)
    {
        await using var file = new FileStream(Path.Combine(State, "audit.log"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        var lines = (await reader.ReadToEndAsync(ct)).Split('\n');
        // The last one may not be written to its end yet.
        return [.. lines[..^1].Select(line => JsonElement.Parse(line))];
    }

    private static string Script => Path.Combine(Repository, "hack", "devcluster", "apiserver");

    private string State => Path.Combine(_directory, "state");

    public async ValueTask InitializeAsync()
    {
        if (Program("kube-apiserver") is null)
        {
            throw new InvalidOperationException(
                "these tests need kube-apiserver, etcd and kubectl: run hack/devcluster/build, or set KUBEBUILDER_ASSETS to a folder that has them");
        }
        try
        {
            Kubeconfig = (await RunAsync(Script, null, CancellationToken.None, "up", State)).Expect().Trim();
            _api = new(KubeEndpoint.FromKubeconfig(Kubeconfig));
            Minor = (await _api.GetServerVersionAsync(CancellationToken.None)).Minor;
            await PrepareAsync();
        }
        catch
        {
            // Not every runner disposes of what was never ready; where one does, the second time does nothing.
            await DisposeAsync();
            throw;
        }
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        _api?.Dispose();
        if (!Directory.Exists(_directory))
            return;
        await RunAsync(Script, null, CancellationToken.None, "down", State);
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Kills kube-apiserver and starts it again over the same store.</summary>
    public async Task RestartAsync(CancellationToken ct) => (await RunAsync(Script, null, ct, "restart", State)).Expect();

    /// <summary>A new namespace, which no other test uses.</summary>
    public async Task<string> CreateNamespaceAsync(CancellationToken ct)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test-{Interlocked.Increment(ref _namespaces)}");
        await KubectlAsync(ct, "create", "namespace", name);
        return name;
    }

    /// <summary>What kubectl prints; it must succeed.</summary>
    public async Task<string> KubectlAsync(CancellationToken ct, params string[] arguments) => (await KubectlAsync(null, ct, arguments)).Expect();

    /// <summary>Returns when definitions are established. Old kubectl gives up at one whose conditions are not written yet.</summary>
    public Task EstablishedAsync(CancellationToken ct, params string[] definitions) => Wait.For(
        _ => KubectlAsync(null, ct, ["wait", "--for=condition=Established", "--timeout=30s", .. definitions]), run => run.ExitCode == 0, "the definitions to be in force");

    /// <summary>What <c>kubectl apply</c> of manifests of ours prints.</summary>
    public Task<string> ApplyAsync(CancellationToken ct, params string[] arguments) =>
        KubectlAsync(ct, ["apply", .. Minor < 23 ? ["--validate=false"] : Array.Empty<string>(), .. arguments]);

    /// <summary>One call of kubectl.</summary>
    /// <param name="input">Its standard input.</param>
    public Task<ProgramRun> KubectlAsync(string? input, CancellationToken ct, params string[] arguments) =>
        RunAsync(Program("kubectl") ?? "kubectl", input, ct, ["--kubeconfig", Kubeconfig, "--cache-dir", Path.Combine(_directory, "cache"), .. arguments]);

    /// <summary>The kubeconfig for another address, or of another user; returns its path.</summary>
    public async Task<string> KubeconfigAsync(Uri? server = null, string? token = null)
    {
        var text = await File.ReadAllTextAsync(Kubeconfig);
        if (server is not null)
            text = text.Replace(KubeEndpoint.FromKubeconfig(Kubeconfig).Server.GetLeftPart(UriPartial.Authority), server.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal);
        if (token is not null)
            text = text.Replace(await KubectlAsync(CancellationToken.None, "config", "view", "--raw", "-o", "jsonpath={.users[0].user.token}"), token, StringComparison.Ordinal);
        var path = Path.Combine(_directory, Path.GetRandomFileName());
        await File.WriteAllTextAsync(path, text);
        return path;
    }

    /// <summary>What every test of this API server counts on.</summary>
    protected abstract Task PrepareAsync();

    /// <summary>Our custom resource definitions.</summary>
    protected async Task DefineKindsAsync()
    {
        await ApplyAsync(CancellationToken.None, "-f", Path.Combine(Repository, "config", "crds"));
        await EstablishedAsync(CancellationToken.None, "crd", "--all");
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

    private static Task<ProgramRun> RunAsync(string program, string? input, CancellationToken ct, params string[] arguments) =>
        Programs.RunAsync(new ProcessStartInfo(program, arguments), TimeSpan.FromMinutes(2), input, ct);
}
