using System.Text.Json;
using Turnpike.Api;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster;

/// <summary>What the command line says about the cluster. What is null was not given.</summary>
/// <param name="Namespace">Of the objects that are meant.</param>
/// <param name="IstioNamespace">Of the control plane.</param>
internal sealed record ClusterSettings(string? Kubeconfig, string? Namespace, string? IstioNamespace)
{
    public Profile? Profile { get; init; }
}

/// <summary>The cluster that a command works on. What goes wrong there comes back as a <see cref="CommandException"/>.</summary>
internal sealed class ClusterAccess : IDisposable
{
    private readonly KubeApi _api;
    private readonly Action<string> _note;
    private Profile? _profile;

    private ClusterAccess(KubeEndpoint endpoint, ClusterSettings settings, TimeProvider clock, Action<string> note)
    {
        _note = note;
        Server = endpoint.Server;
        Settings = settings;
        Clock = clock;
        Namespace = settings.Namespace ?? (endpoint.Namespace is { Length: > 0 } ns ? ns : "default");
        CheckName("--namespace", Namespace);
        if (settings.IstioNamespace is { } system)
            CheckName("--istioNamespace", system);
        _api = new KubeApi(endpoint, clock);
    }

    public Uri Server { get; }

    public ClusterSettings Settings { get; }

    public TimeProvider Clock { get; }

    /// <summary>Of objects that name none: the command line's, else the context's, else <c>default</c>.</summary>
    public string Namespace { get; }

    /// <summary>Reads the kubeconfig; sends nothing.</summary>
    /// <param name="settings">What the command line says.</param>
    /// <param name="process">The process around it.</param>
    /// <param name="note">Takes what the user should know of the cluster; by default nobody does.</param>
    public static ClusterAccess Open(ClusterSettings settings, ProcessContext process, Action<string>? note = null)
    {
        try
        {
            return new ClusterAccess(Kubeconfig.Endpoint(settings.Kubeconfig, process.Variable), settings, process.Clock, note ?? (_ => { }));
        }
        catch (Exception e) when (e is not (CommandException or OperationCanceledException))
        {
            // The client takes what the kubeconfig says, an address or a certificate that is none above all.
            throw new CommandException($"the kubeconfig cannot be used: {CommandException.OneLine(e.Message).TrimEnd('.')}; what it says is shown by: kubectl config view");
        }
    }

    /// <summary>The installation that is meant: the command line's, else the one whose operator is in the cluster, else that of 2017.</summary>
    public async Task<Profile> ProfileAsync(KubeApi api, CancellationToken ct)
    {
        if (_profile is not null)
            return _profile;
        if (Settings.Profile is { } given)
            return _profile = given.In(Settings.IstioNamespace);
        var found = await InstalledProfile.FindAsync(api, Settings.IstioNamespace, ct);
        foreach (var note in found.Notes)
            _note(note);
        return _profile = found.Profile;
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
