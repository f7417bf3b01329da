using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Turnpike.Api.Mesh;
using Turnpike.Discovery;
using Turnpike.Hosting.Apply;
using Turnpike.Hosting.Certificates;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Reconcile;
using Turnpike.Hosting.Watch;

namespace Turnpike.Operator.ManagedProxy;

/// <summary>
/// Reconciles the managed ingress with the settings. Every change of its objects, by any client, leads to another apply, which changes
/// nothing if they are right.
/// </summary>
internal sealed class ProxyController(
    KubeApi api,
    OperatorOptions options,
    DiscoveryStates states,
    RotatingCertificates certificates,
    ILoggerFactory loggers,
    TimeProvider clock) : ILeaderTask
{
    // Watches report changes at once. The resync is for events that were lost.
    private static readonly TimeSpan Resync = TimeSpan.FromSeconds(30);

    private readonly ServerSideApply _apply = new(api, Deployed.FieldManager);
    private readonly ILogger _log = loggers.CreateLogger<ProxyController>();

    public async Task RunAsync(CancellationToken term)
    {
        var budgets = await api.ServesAsync(KnownResources.DisruptionBudgets, term)
            ? KnownResources.DisruptionBudgets
            : KnownResources.DisruptionBudgetsBeta;
        using var trigger = new Trigger(clock);
        var informers = DesiredProxy.All(options.Profile, MeshConfig.Of(options.Profile), options.ProxyImage, budgets)
            .Select(desired => Watch(desired, trigger.Fire))
            .ToList();
        trigger.Fire();
        await Task.WhenAll(informers
            .Select(informer => Task.Run(() => informer.RunAsync(term), CancellationToken.None))
            .Append(trigger.RunAsync("managed-proxy", ct => ReconcileAsync(budgets, ct), informers.Select(i => i.Synced), _log, term))
            .Append(FollowSettingsAsync(trigger.Fire, term)));
    }

    private async Task<TimeSpan?> ReconcileAsync(ResourceRef budgets, CancellationToken ct)
    {
        if (certificates.Bundle is { } bundle)
        {
            var body = new JsonObject { ["data"] = new JsonObject { [Deployed.CaKey] = bundle } };
            var key = new NamespacedName(options.Profile.SystemNamespace, options.Profile.CaConfigMap);
            await _apply.ApplyAsync(KnownResources.ConfigMaps, key, body, ct);
        }
        var mesh = states.Current?.Snapshot.Mesh ?? MeshConfig.Of(options.Profile);
        foreach (var desired in DesiredProxy.All(options.Profile, mesh, options.ProxyImage, budgets))
            await _apply.ApplyAsync(desired.Resource, desired.Key, desired.Body, ct);
        return certificates.Bundle is null ? TimeSpan.FromSeconds(1) : Resync;
    }

    private async Task FollowSettingsAsync(Action changed, CancellationToken ct)
    {
        MeshConfig? seen = null;
        await foreach (var state in states.Follow(ct))
        {
            if (!ReferenceEquals(seen, state.Snapshot.Mesh))
                changed();
            seen = state.Snapshot.Mesh;
        }
    }

    /// <summary>Watches one object by its name. The operator's role allows no others.</summary>
    private Informer<string> Watch(DesiredObject desired, Action changed)
    {
        var informer = new Informer<string>(
            api,
            desired.Resource,
            item => item.ResourceVersion(),
            new InformerOptions { Query = ResourceQuery.Named(desired.Key) },
            loggers.CreateLogger<Informer<string>>(),
            clock);
        informer.AddHandler(_ => changed());
        return informer;
    }
}
