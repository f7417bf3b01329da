using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Watch;
using Turnpike.Injector;

namespace Turnpike.Webhooks;

/// <summary>
/// Finds out whether the cluster supports native sidecars, from the version of the API server and of every node. An unknown version counts
/// as too old, because an ordinary sidecar runs everywhere.
/// </summary>
public sealed partial class ClusterVersions(
    KubeApi api, Informer<ClusterVersions.Node> nodes, ILogger<ClusterVersions> log, TimeProvider clock) : BackgroundService
{
    // The API server may be upgraded while this program runs.
    private static readonly TimeSpan WhileKnown = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan WhileUnknown = TimeSpan.FromSeconds(2);

    /// <summary>The longest wait for the list of nodes. An operator that may not list them injects ordinary sidecars.</summary>
    private static readonly TimeSpan SyncTimeout = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Version? _apiServer;
    private string? _lastObstacle;

    /// <summary>
    /// Whether the versions have been read, as far as possible. A pod that is created before gets an ordinary sidecar, with which a Job
    /// does not end.
    /// </summary>
    public bool IsSettled => _settled.Task.IsCompleted;

    public bool HasNativeSidecars { get; private set; }

    internal static Node Decode(JsonElement node) =>
        new(node.Key().Name, node.Child("status")?.Child("nodeInfo")?.Text("kubeletVersion") ?? "");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        nodes.AddHandler(change =>
        {
            // A node updates its status every few minutes. Only another version matters.
            if (nodes.Synced.IsCompleted && change.Old?.Kubelet != change.New?.Kubelet)
                Evaluate();
        });
        var listed = WaitForNodesAsync(stoppingToken);
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
            Evaluate();
            _settled.TrySetResult();
            var interval = _apiServer is null ? WhileUnknown : WhileKnown;
            await Task.Delay(interval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WaitForNodesAsync(CancellationToken ct)
    {
        try
        {
            await nodes.Synced.WaitAsync(SyncTimeout, clock, ct);
        }
        catch (TimeoutException)
        {
            LogUnknown(log, "the nodes cannot be listed");
        }
        catch (OperationCanceledException)
        {
            // The operator is stopping.
        }
    }

    private void Evaluate()
    {
        lock (_gate)
        {
            var all = nodes.Cache.List();
            var old = all
                .Where(node => !NativeSidecars.AreSupported(NativeSidecars.First, [node.Kubelet]))
                .MinBy(node => node.Name, StringComparer.Ordinal);
            var obstacle = _apiServer is null ? "the version of the API server is not known"
                : _apiServer < NativeSidecars.First ? $"the API server has version {_apiServer}"
                : !nodes.Synced.IsCompleted ? "the versions of the nodes are not known"
                : old is not null ? $"node {old.Name} has version \"{old.Kubelet}\""
                : "";
            HasNativeSidecars = obstacle.Length == 0;
            if (obstacle == _lastObstacle)
                return;
            _lastObstacle = obstacle;
            if (HasNativeSidecars)
                LogNative(log, _apiServer!, all.Count);
            else
                LogOrdinary(log, NativeSidecars.First, obstacle);
        }
    }

    [LoggerMessage(
        1,
        LogLevel.Information,
        "sidecars are native unless the settings say otherwise: the API server has version {Version}, and {Nodes} nodes support them")]
    private static partial void LogNative(ILogger logger, Version version, int nodes);

    [LoggerMessage(
        2,
        LogLevel.Information,
        "sidecars are ordinary containers unless the settings say otherwise: native ones need version {First} everywhere, and {Obstacle}")]
    private static partial void LogOrdinary(ILogger logger, Version first, string obstacle);

    [LoggerMessage(3, LogLevel.Warning, "cannot find out whether the cluster supports native sidecars: {Reason}")]
    private static partial void LogUnknown(ILogger logger, string reason);

    /// <param name="Name">The node's name.</param>
    /// <param name="Kubelet">The version of its kubelet, as the node reports it.</param>
    public sealed record Node(string Name, string Kubelet);
}
