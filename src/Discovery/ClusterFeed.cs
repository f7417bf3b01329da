using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Turnpike.Api;
using Turnpike.Compiler;
using Turnpike.Hosting.Api;
using Turnpike.Hosting.Watch;

namespace Turnpike.Discovery;

/// <summary>Keeps an <see cref="ObjectStore"/> like the cluster, and says when it has changed.</summary>
public sealed class ClusterFeed(KubeApi api, Profile profile, ILoggerFactory loggers, TimeProvider clock)
{
    private readonly ObjectStore _store = new(profile);
    private readonly Lock _gate = new();
    private volatile TaskCompletionSource _changed = NewSignal();
    private ImmutableArray<Informer<ReadObject>> _informers = [];

    /// <summary>The informers, once <see cref="RunAsync"/> has found out what the API server serves.</summary>
    public IReadOnlyCollection<IInformer> Informers => _informers;

    /// <summary>Watches until cancelled.</summary>
    /// <param name="synced">Called once, when every kind has been listed.</param>
    /// <param name="ct">Ends the watching.</param>
    public async Task RunAsync(Action synced, CancellationToken ct)
    {
        var slices = await api.ServesAsync(WatchedKinds.EndpointSlices, ct);
        _informers = [.. WatchedKinds.All(slices, profile).Select(w => Watch(w.Resource, w.Query))];
        var running = _informers.Select(i => Task.Run(() => i.RunAsync(ct), CancellationToken.None)).ToList();
        await Task.WhenAll(_informers.Select(i => i.Synced)).WaitAsync(ct);
        synced();
        await Task.WhenAll(running);
    }

    /// <summary>Completes when the cluster has changed since the last call that completed.</summary>
    public async Task WaitForChangeAsync(CancellationToken ct)
    {
        await _changed.Task.WaitAsync(ct);
        _changed = NewSignal();
    }

    /// <summary>The cluster as it now is, what is wrong in it, and the newest version of every RouteRule.</summary>
    public (ClusterSnapshot Snapshot, ImmutableArray<Diagnostic> Diagnostics, ImmutableArray<Api.ObjectMeta> Rules) Snapshot()
    {
        lock (_gate)
        {
            var (snapshot, diagnostics) = _store.Snapshot();
            return (snapshot, diagnostics, _store.Newest(Kinds.RouteRule));
        }
    }

    private Informer<ReadObject> Watch(ResourceRef resource, ResourceQuery query)
    {
        var informer = new Informer<ReadObject>(
            api, resource, json => WatchedKinds.Decode(resource, json, profile), new InformerOptions { Query = query }, loggers.CreateLogger<Informer<ReadObject>>(), clock);
        informer.AddHandler(change =>
        {
            var key = new Api.ObjectKey(resource.Kind, change.Key.Namespace, change.Key.Name);
            lock (_gate)
            {
                if (change.New is { } read)
                    _store.Put(key, read);
                else
                    _store.Remove(key);
            }
            Signal();
        });
        return informer;
    }

    private void Signal() => _changed.TrySetResult();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
