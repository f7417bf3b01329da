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

/// <summary>Tells on each Ingress of our class where it is reached, and takes that back from those that are ours no longer.</summary>
internal sealed class IngressStatusController(KubeApi api, Profile profile, DiscoveryStates states, ILoggerFactory loggers, TimeProvider clock) : ILeaderTask
{
    private static readonly TimeSpan Debounce = TimeSpan.FromMilliseconds(100);
    private static readonly ResourceRef Ingresses = new("networking.k8s.io", "v1", "ingresses", Kinds.Ingress);
    private static readonly ResourceRef Services = new("", "v1", "services", Kinds.Service);
    private static readonly ResourceRef Pods = new("", "v1", "pods", Kinds.Pod);
    private static readonly ResourceRef Nodes = new("", "v1", "nodes", "Node");

    private readonly ILogger _log = loggers.CreateLogger<IngressStatusController>();
    private readonly StatusWriter _writer = new(api, new ServerSideApply(api, Deployed.FieldManager));

    public async Task RunAsync(CancellationToken term)
    {
        using var trigger = new Trigger(clock);
        void Look() => trigger.FireAfter(Debounce);
        var service = Watch(Services, new ResourceQuery { Namespace = profile.SystemNamespace, FieldSelector = $"metadata.name={profile.IngressService}" }, Look);
        var pods = Watch(Pods, new ResourceQuery { Namespace = profile.SystemNamespace, LabelSelector = $"{profile.IngressLabel.Key}={profile.IngressLabel.Value}" }, Look);
        var nodes = Watch(Nodes, ResourceQuery.All, Look);
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
        Look();
        IInformer[] informers = [service, pods, nodes];
        await Task.WhenAll(informers
            .Select(informer => Task.Run(() => informer.RunAsync(term), CancellationToken.None))
            .Append(trigger.RunAsync("ingress-status", WriteAllAsync, informers.Select(i => i.Synced), _log, term))
            .Append(FollowStatesAsync(Look, term)));
    }

    /// <param name="addresses">What is to be told.</param>
    /// <param name="written">What each Ingress was told; one that is made anew under its name has been told nothing.</param>
    /// <param name="ct">Gives up.</param>
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
            await _writer.WriteAsync(Ingresses, one.Key, Status(addresses), null, ct);
            written[one] = text;
        }
        foreach (var one in written.Keys.Where(one => !ours.Contains(one)).ToList())
        {
            if (all.Contains(one))
                await _writer.WriteAsync(Ingresses, one.Key, Status([]), null, ct);
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

    private Informer<Kept> Watch(ResourceRef resource, ResourceQuery query, Action changed)
    {
        var informer = new Informer<Kept>(
            api, resource, json => new Kept(json.Clone()), new InformerOptions { Query = query }, loggers.CreateLogger<Informer<Kept>>(), clock);
        informer.AddHandler(_ => changed());
        return informer;
    }

    private sealed record Kept(JsonElement Json);
}
