using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Watch;
using Turnpike.Injector;

namespace Turnpike.Webhooks;

/// <summary>
/// Whether the cluster runs native sidecars: the API server is asked for its version, and the nodes are watched for theirs. What is not
/// known is taken as old, since an ordinary sidecar runs everywhere.
/// </summary>
public sealed partial class ClusterVersions(KubeApi api, Informer<ClusterVersions.Node> nodes, ILogger<ClusterVersions> log, TimeProvider clock) : BackgroundService
{
    internal static readonly ResourceRef Nodes = new("", "v1", "nodes", "Node");

    // An API server is upgraded while its clients stay.
    private static readonly TimeSpan WhileKnown = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan WhileUnknown = TimeSpan.FromSeconds(2);

    /// <summary>Who cannot list the nodes gets ordinary sidecars, and not no operator.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Version? _apiServer;
    private string? _said;

    /// <summary>Whether all that can be known is known. Pods that come before get an ordinary sidecar, which a Job does not end with.</summary>
    public bool IsSettled => _settled.Task.IsCompleted;

    public bool HasNativeSidecars { get; private set; }

    internal static Node Decode(JsonElement node) => new(node.Key().Name, node.Child("status")?.Child("nodeInfo")?.Text("kubeletVersion") ?? "");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        nodes.AddHandler(change =>
        {
            // A node reports itself every few minutes; it is news only with another version.
            if (nodes.Synced.IsCompleted && change.Old?.Kubelet != change.New?.Kubelet)
                Judge();
        });
        var listed = ListedAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                _apiServer = await api.GetServerVersionAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogUnknown(log, e.GetBaseException().Message);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            await listed;
            Judge();
            _settled.TrySetResult();
            await Task.Delay(_apiServer is null ? WhileUnknown : WhileKnown, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ListedAsync(CancellationToken ct)
    {
        try
        {
            await nodes.Synced.WaitAsync(Patience, clock, ct);
        }
        catch (TimeoutException)
        {
            LogUnknown(log, "the nodes cannot be listed");
        }
        catch (OperationCanceledException)
        {
            // We are stopping.
        }
    }

    private void Judge()
    {
        lock (_gate)
        {
            var all = nodes.Cache.List();
            var old = all.Where(node => !NativeSidecars.AreSupported(NativeSidecars.First, [node.Kubelet])).OrderBy(node => node.Name, StringComparer.Ordinal).FirstOrDefault();
            var obstacle = _apiServer is null ? "the version of the API server is not known"
                : _apiServer < NativeSidecars.First ? $"the API server is of {_apiServer}"
                : !nodes.Synced.IsCompleted ? "the versions of the nodes are not known"
                : old is not null ? $"node {old.Name} is of \"{old.Kubelet}\""
                : "";
            HasNativeSidecars = obstacle.Length == 0;
            if (obstacle == _said)
                return;
            _said = obstacle;
            if (HasNativeSidecars)
                LogNative(log, _apiServer!, all.Count);
            else
                LogOrdinary(log, NativeSidecars.First, obstacle);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Sidecars are native where the settings say nothing else: API server {Version}, {Nodes} nodes that know them")]
    private static partial void LogNative(ILogger logger, Version version, int nodes);

    [LoggerMessage(2, LogLevel.Information, "Sidecars are ordinary containers where the settings say nothing else: native ones need {First} everywhere, and {Obstacle}")]
    private static partial void LogOrdinary(ILogger logger, Version first, string obstacle);

    [LoggerMessage(3, LogLevel.Warning, "The cluster does not say whether it knows native sidecars: {Reason}")]
    private static partial void LogUnknown(ILogger logger, string reason);

    /// <param name="Kubelet">Its version, as it says.</param>
    public sealed record Node(string Name, string Kubelet);
}
