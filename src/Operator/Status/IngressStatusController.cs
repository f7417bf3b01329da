using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Turnpike.Api;
using Turnpike.Api.Ingresses;
using Turnpike.Discovery;
using Turnpike.Hosting.Apply;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Reconcile;
using Turnpike.Hosting.Watch;

namespace Turnpike.Operator.Status;

/// <summary>
/// Writes the addresses of the ingress to the status of each Ingress of the operator's class, and removes them when an Ingress leaves it.
/// </summary>
internal sealed class IngressStatusController(
    KubeApi api, Profile profile, DiscoveryStates states, ILoggerFactory loggers, TimeProvider clock) : ILeaderTask
{
    private static readonly TimeSpan Debounce = TimeSpan.FromMilliseconds(100);

    private readonly ILogger _log = loggers.CreateLogger<IngressStatusController>();
    private readonly StatusWriter _writer = new(api, new ServerSideApply(api, Deployed.FieldManager));

    public async Task RunAsync(CancellationToken term)
    {
        using var trigger = new Trigger(clock);
        void Schedule() => trigger.FireAfter(Debounce);
        var label = $"{profile.IngressLabel.Key}={profile.IngressLabel.Value}";
        var proxies = new ResourceQuery { Namespace = profile.SystemNamespace, LabelSelector = label };
        var service = Watch(KnownResources.Services, ResourceQuery.Named(new(profile.SystemNamespace, profile.IngressService)), Schedule);
        var pods = Watch(KnownResources.Pods, proxies, Schedule);
        var nodes = Watch(KnownResources.Nodes, ResourceQuery.All, Schedule);
        var written = new Dictionary<(NamespacedName Key, string Uid), string>();
        async Task<TimeSpan?> WriteAllAsync(CancellationToken ct)
        {
            var addresses = IngressAddresses.Of(
                service.Cache.List().Select(s => (JsonElement?)s.Json).FirstOrDefault(),
                pods.Cache.List().Select(p => p.Json),
                nodes.Cache.List().ToDictionary(n => n.Json.Key().Name, n => n.Json, StringComparer.Ordinal));
            await WriteAsync(addresses, written, ct);
            return null;
        }
        Schedule();
        IInformer[] informers = [service, pods, nodes];
        await Task.WhenAll(informers
            .Select(informer => Task.Run(() => informer.RunAsync(term), CancellationToken.None))
            .Append(trigger.RunAsync("ingress-status", WriteAllAsync, informers.Select(i => i.Synced), _log, term))
            .Append(FollowStatesAsync(Schedule, term)));
    }

    /// <param name="addresses">The addresses to write.</param>
    /// <param name="written">The addresses that were written to each Ingress. An Ingress that is created again has a new uid.</param>
    /// <param name="ct">Cancels the requests.</param>
    private async Task WriteAsync(JsonArray addresses, Dictionary<(NamespacedName Key, string Uid), string> written, CancellationToken ct)
    {
        if (states.Current is not { } state)
            return;
        var ours = state.Snapshot.Ingresses
            .Where(i => IngressClasses.IsOurs(i, state.Snapshot.Mesh, state.Snapshot.IngressClasses))
            .Select(Identity)
            .ToHashSet();
        var all = state.Snapshot.Ingresses.Select(Identity).ToHashSet();
        var text = addresses.ToJsonString();
        foreach (var one in ours.Where(one => written.GetValueOrDefault(one) != text))
        {
            await _writer.WriteAsync(KnownResources.Ingresses, one.Key, Status(addresses), null, ct);
            written[one] = text;
        }
        foreach (var one in written.Keys.Where(one => !ours.Contains(one)).ToList())
        {
            if (all.Contains(one))
                await _writer.WriteAsync(KnownResources.Ingresses, one.Key, Status([]), null, ct);
            written.Remove(one);
        }
    }

    private static (NamespacedName Key, string Uid) Identity(IngressObject ingress) =>
        (new NamespacedName(ingress.Metadata.Namespace, ingress.Metadata.Name), ingress.Metadata.Uid);

    private static JsonObject Status(JsonArray addresses) => new()
    {
        ["loadBalancer"] = addresses.Count == 0 ? new JsonObject() : new JsonObject { ["ingress"] = addresses.DeepClone() },
    };

    private async Task FollowStatesAsync(Action changed, CancellationToken ct)
    {
        await foreach (var _ in states.Follow(ct))
            changed();
    }

    private Informer<RawObject> Watch(ResourceRef resource, ResourceQuery query, Action changed)
    {
        var (options, log) = (new InformerOptions { Query = query }, loggers.CreateLogger<Informer<RawObject>>());
        var informer = new Informer<RawObject>(api, resource, json => new RawObject(json.Clone()), options, log, clock);
        informer.AddHandler(_ => changed());
        return informer;
    }

    private sealed record RawObject(JsonElement Json);
}
