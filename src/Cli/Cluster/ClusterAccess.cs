using System.Text.Json;
using Turnpike.Hosting.Api;

namespace Turnpike.Cli.Cluster;

/// <summary>What the command line says about the cluster. What is null was not given.</summary>
/// <param name="Namespace">Of the objects that are meant.</param>
/// <param name="IstioNamespace">Of the control plane.</param>
internal sealed record ClusterSettings(string? Kubeconfig, string? Namespace, string IstioNamespace);

/// <summary>The cluster that a command works on. What goes wrong there comes back as a <see cref="CommandException"/>.</summary>
internal sealed class ClusterAccess : IDisposable
{
    private readonly KubeApi _api;

    private ClusterAccess(KubeEndpoint endpoint, ClusterSettings settings, TimeProvider clock)
    {
        Server = endpoint.Server;
        Settings = settings;
        Clock = clock;
        Namespace = settings.Namespace ?? (endpoint.Namespace is { Length: > 0 } ns ? ns : "default");
        CheckName("--namespace", Namespace);
        CheckName("--istioNamespace", settings.IstioNamespace);
        _api = new KubeApi(endpoint, clock);
    }

    public Uri Server { get; }

    public ClusterSettings Settings { get; }

    public TimeProvider Clock { get; }

    /// <summary>Of objects that name none: the command line's, else the context's, else <c>default</c>.</summary>
    public string Namespace { get; }

    /// <summary>Reads the kubeconfig; sends nothing.</summary>
    public static ClusterAccess Open(ClusterSettings settings, ProcessContext process)
    {
        try
        {
            return new ClusterAccess(Kubeconfig.Endpoint(settings.Kubeconfig, process.Variable), settings, process.Clock);
        }
        catch (Exception e) when (e is not (CommandException or OperationCanceledException))
        {
            // The client takes what the kubeconfig says, an address or a certificate that is none above all.
            throw new CommandException($"the kubeconfig cannot be used: {CommandException.OneLine(e.Message).TrimEnd('.')}; what it says is shown by: kubectl config view");
        }
    }

    public Task RunAsync(Func<KubeApi, Task> ask) => RunAsync(async api =>
    {
        await ask(api);
        return true;
    });

    public async Task<T> RunAsync<T>(Func<KubeApi, Task<T>> ask)
    {
        try
        {
            return await ask(_api);
        }
        catch (KubeStatusException e)
        {
            throw Refusal.Read(e).ToException();
        }
        catch (HttpRequestException e)
        {
            throw new CommandException($"cannot reach the API server {Server}: {CommandException.OneLine(e.GetBaseException().Message).TrimEnd('.')}; {Remedy}");
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            throw new CommandException($"the API server {Server} does not answer: {CommandException.OneLine(e.Message).TrimEnd('.')}; {Remedy}");
        }
        catch (JsonException e)
        {
            throw new CommandException($"{Server} does not answer as an API server does ({CommandException.OneLine(e.Message).TrimEnd('.')}); {Remedy}");
        }
    }

    private const string Remedy = "see whether it is up, and whether the kubeconfig is the right one: kubectl config current-context";

    /// <summary>Names become parts of paths, so nothing else than a name may be sent.</summary>
    /// <exception cref="CommandException">The text cannot be the name of an object.</exception>
    public static void CheckName(string what, string name)
    {
        if (ObjectName.Fault(name) is { } fault)
            throw new CommandException($"{what}: \"{name}\" is not a name: {fault}");
    }

    public void Dispose() => _api.Dispose();
}
