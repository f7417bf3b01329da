using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Turnpike.Api;
using Turnpike.Compiler;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Watch;
using Turnpike.Reading;

namespace Turnpike.Discovery;

/// <summary>Watches the cluster, keeps its objects in an <see cref="ObjectStore"/>, and signals when they have changed.</summary>
public sealed class ClusterWatcher
{
    private readonly KubeApi _api;
    private readonly ILoggerFactory _loggers;
    private readonly TimeProvider _clock;
    private readonly NamedSecrets _authorities;
    private readonly Profile _profile;
    private readonly ObjectStore _store;
    private readonly Lock _gate = new();
    private volatile TaskCompletionSource _changed = NewSignal();
    private ImmutableArray<Informer<WatchedObject>> _informers = [];
    private ImmutableDictionary<string, string> _conditions = ImmutableDictionary.Create<string, string>(StringComparer.Ordinal);

    public ClusterWatcher(KubeApi api, Profile profile, ILoggerFactory loggers, TimeProvider clock)
    {
        (_api, _profile, _loggers, _clock) = (api, profile, loggers, clock);
        _store = new ObjectStore(profile);
        _authorities = new NamedSecrets(WatchAuthority, (ns, name) => Take(new ObjectKey(Kinds.AuthoritySecret, ns, name), null), Signal, clock);
    }

    /// <summary>The informers, once <see cref="RunAsync"/> has found out what the API server serves.</summary>
    public IReadOnlyCollection<IInformer> Informers => _informers;

    /// <summary>Runs the informers until cancelled.</summary>
    /// <param name="synced">Called once, when every kind has been listed.</param>
    /// <param name="ct">Stops the informers.</param>
    public async Task RunAsync(Action synced, CancellationToken ct)
    {
        var slices = await _api.ServesAsync(KnownResources.EndpointSlices, ct);
        _informers = [.. WatchedKinds.Of(slices, _profile).Select(w => Watch(w.Resource, w.Query))];
        var running = _informers.Select(i => Task.Run(() => i.RunAsync(ct), CancellationToken.None)).ToList();
        await Task.WhenAll(_informers.Select(i => i.Synced)).WaitAsync(ct);
        synced();
        await Task.WhenAll(running);
    }

    /// <summary>Completes when the cluster has changed since the last snapshot.</summary>
    public Task WaitForChangeAsync(CancellationToken ct) => _changed.Task.WaitAsync(ct);

    /// <summary>
    /// Watches the Secrets that a snapshot names, and waits up to five seconds for those that are new. Returns true when the set of watched
    /// Secrets has changed, so that a newer snapshot may differ. Only the caller that takes snapshots may call this method, and not
    /// concurrently.
    /// </summary>
    public Task<bool> FollowAsync(ClusterSnapshot snapshot, CancellationToken ct) => _authorities.FollowAsync(BackendAuthorities.Named(snapshot), ct);

    /// <summary>
    /// Returns the current objects, the diagnostics about them, the newest version of every RouteRule, and the conditions of the
    /// RouteRules.
    /// </summary>
    public (ClusterSnapshot Snapshot,
        ImmutableArray<Diagnostic> Diagnostics,
        ImmutableArray<Reading.ObjectMeta> Rules,
        ImmutableDictionary<string, string> Conditions) Snapshot()
    {
        lock (_gate)
        {
            _changed = NewSignal();
            var (snapshot, diagnostics) = _store.Snapshot();
            return (snapshot with { AuthoritiesLookedFor = _authorities.LookedFor }, diagnostics, _store.Newest(Kinds.RouteRule), _conditions);
        }
    }

    private Informer<WatchedObject> Watch(ResourceRef resource, ResourceQuery query) =>
        Watch(resource, query, resource.Kind, json => WatchedKinds.Watched(resource, json, _profile));

    private Informer<WatchedObject> WatchAuthority(string ns, string name) =>
        Watch(
            KnownResources.Secrets,
            ResourceQuery.Named(new(ns, name)),
            Kinds.AuthoritySecret,
            json => new WatchedObject(WatchedKinds.DecodeAuthority(json), "", null));

    private Informer<WatchedObject> Watch(ResourceRef resource, ResourceQuery query, string kind, Func<JsonElement, WatchedObject> decode)
    {
        var log = _loggers.CreateLogger<Informer<WatchedObject>>();
        var informer = new Informer<WatchedObject>(_api, resource, decode, new InformerOptions { Query = query }, log, _clock);
        informer.AddHandler(change =>
        {
            var key = new ObjectKey(kind, change.Key.Namespace, change.Key.Name);
            if (kind == Kinds.RouteRule)
                TakeConditions(change.Old, change.New);
            Take(key, change.New?.Read);
        });
        return informer;
    }

    private void TakeConditions(WatchedObject? old, WatchedObject? changed)
    {
        lock (_gate)
        {
            if (old is not null)
                _conditions = _conditions.Remove(old.Uid);
            if (changed?.Conditions is { } conditions)
                _conditions = _conditions.SetItem(changed.Uid, conditions);
        }
    }

    private void Take(ObjectKey key, ReadObject? read)
    {
        lock (_gate)
        {
            if (read is not null)
                _store.Put(key, read);
            else
                _store.Remove(key);
            _changed.TrySetResult();
        }
    }

    private void Signal()
    {
        lock (_gate)
            _changed.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
