using System.Text.Json;
using Turnpike.Api;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster;

/// <summary>The options about the cluster. An option that is null was not given.</summary>
/// <param name="Kubeconfig">The kubeconfig file.</param>
/// <param name="Namespace">The namespace of objects.</param>
/// <param name="IstioNamespace">The namespace of the control plane.</param>
internal sealed record ClusterSettings(string? Kubeconfig, string? Namespace, string? IstioNamespace)
{
    public Profile? Profile { get; init; }
}

/// <summary>The cluster of a command. Its failures become <see cref="CommandException"/>s.</summary>
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

    /// <summary>The namespace of objects that name none: that of the command line, of the context, or <c>default</c>.</summary>
    public string Namespace { get; }

    /// <summary>Reads the kubeconfig without sending anything.</summary>
    /// <param name="settings">The options of the command line.</param>
    /// <param name="process">The process around the command line.</param>
    /// <param name="note">Receives notes for the user; by default they are dropped.</param>
    public static ClusterAccess Open(ClusterSettings settings, ProcessContext process, Action<string>? note = null)
    {
        try
        {
            var endpoint = Kubeconfig.Endpoint(settings.Kubeconfig, process.Variable);
            return new ClusterAccess(endpoint, settings, process.Clock, note ?? (_ => { }));
        }
        catch (Exception e) when (e is not (CommandException or OperationCanceledException))
        {
            // The client fails in many ways on an invalid address or certificate of the kubeconfig.
            throw new CommandException($"the kubeconfig cannot be used: {Cause(e)}; to show it: kubectl config view");
        }
    }

    /// <summary>Returns the profile of the command line, or of the operator in the cluster, or that of 2017.</summary>
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
            throw new CommandException($"cannot reach the API server {Server}: {Cause(e.GetBaseException())}; {Remedy}");
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            throw new CommandException($"the API server {Server} does not respond: {Cause(e)}; {Remedy}");
        }
        catch (JsonException e)
        {
            throw new CommandException($"{Server} does not respond like an API server ({Cause(e)}); {Remedy}");
        }
    }

    private const string Remedy = "check that it is running and that the kubeconfig is the right one: kubectl config current-context";

    private static string Cause(Exception e) => CommandException.OneLine(e.Message).TrimEnd('.');

    /// <summary>Checks a name before it becomes part of a path.</summary>
    /// <exception cref="CommandException">The text cannot be the name of an object.</exception>
    public static void CheckName(string what, string name)
    {
        if (ObjectName.Fault(name) is { } fault)
            throw new CommandException($"{what}: \"{name}\" is not a name: {fault}");
    }

    public void Dispose() => _api.Dispose();
}
