using System.Text.Json;
using Microsoft.Extensions.Logging;
using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Watch;

/// <summary>
/// Keeps an <see cref="ObjectCache{T}"/> equal to the API server: it lists once and then watches, each watch continuing where the last one
/// ended. Changes that no watch reported are found by comparison with a new list, so that the changes passed to handlers always add up
/// to the cache.
/// </summary>
/// <param name="decode">
/// Makes the cached object from its JSON, which is not valid afterwards. When it throws, the error is logged and the last version that
/// was decoded stays in the cache.
/// </param>
public sealed class Informer<T>(
    KubeApi api,
    ResourceRef resource,
    Func<JsonElement, T> decode,
    InformerOptions options,
    ILogger<Informer<T>> log,
    TimeProvider clock) : IInformer
    where T : class
{
    private const int EmptyWatchesBeforeRelist = 5;
    private static readonly TimeSpan ShortWatch = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BackoffResetAfter = TimeSpan.FromMinutes(2);

    private readonly Lock _gate = new();
    private readonly List<Action<ObjectChange<T>>> _handlers = [];
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Backoff _backoff = new(options.BackoffMin, options.BackoffMax, options.Jitter);
    private long _lastContact;
    private string? _version;
    private int _emptyWatches;

    public ResourceRef Resource => resource;

    public ObjectCache<T> Cache { get; } = new();

    public Task Synced => _synced.Task;

    public DateTimeOffset? LastContact => Volatile.Read(ref _lastContact) is not 0 and var ticks ? new(ticks, TimeSpan.Zero) : null;

    /// <summary>The version up to which the cache is known to be complete; null while a list is needed.</summary>
    public string? ResourceVersion => _version;

    /// <summary>
    /// Calls the handler with an addition for each object in the cache, and then with every change. Handlers run one after another and hold
    /// up the informer, so they should only note what is to be done. An exception of a handler is logged and affects no other handler.
    /// </summary>
    public void AddHandler(Action<ObjectChange<T>> handler)
    {
        lock (_gate)
        {
            _handlers.Add(handler);
            foreach (var (key, entry) in Cache.Entries)
                Notify(handler, new(key, null, entry.Object));
        }
    }

    public async Task RunAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            var started = clock.GetTimestamp();
            TimeSpan pause;
            try
            {
                if (_version is null)
                    await ListAsync(ct);
                await WatchAsync(ct);
                _backoff.Reset();
                continue;
            }
            catch (Exception) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (clock.GetElapsedTime(started) > BackoffResetAfter)
                    _backoff.Reset();
                pause = Recover(e);
            }

            await Task.Delay(pause, clock, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ListAsync(CancellationToken ct)
    {
        Telemetry.Lists.Add(1, Telemetry.Resource(resource));
        var list = await api.ListAsync(resource, options.Query, item => (Key: item.Key(), Entry: Decode(item)), ct);
        Touch();
        lock (_gate)
        {
            var listed = new HashSet<NamespacedName>(list.Items.Count);
            foreach (var (key, entry) in list.Items)
            {
                listed.Add(key);
                if (entry is not null)
                    Upsert(key, entry);
            }

            foreach (var (key, _) in Cache.Entries)
            {
                if (!listed.Contains(key))
                    Delete(key);
            }
        }

        _version = list.ResourceVersion;
        _synced.TrySetResult();
    }

    private async Task WatchAsync(CancellationToken ct)
    {
        Telemetry.Watches.Add(1, Telemetry.Resource(resource));
        var started = clock.GetTimestamp();
        var timeout = options.WatchTimeout * (1 + options.Jitter());
        var isEmpty = true;
        var events = WatchStream.OpenAsync(api, resource, options.Query, _version!, timeout, options.WatchGrace, clock, Touch, ct);
        await foreach (var change in events)
        {
            Touch();
            isEmpty = false;
            _emptyWatches = 0;
            Telemetry.Events.Add(1, Telemetry.Resource(resource));
            if (change.Kind != WatchEventKind.Bookmark)
                Apply(change);
            if (change.Object.ResourceVersion() is { Length: > 0 } version)
                _version = version;
        }

        if (isEmpty && clock.GetElapsedTime(started) < ShortWatch)
            throw new IOException("the API server ended the watch immediately");
        _emptyWatches = 0;
    }

    private void Apply(WatchEvent change)
    {
        var key = change.Object.Key();
        var entry = change.Kind == WatchEventKind.Deleted ? null : Decode(change.Object);
        lock (_gate)
        {
            if (change.Kind == WatchEventKind.Deleted)
                Delete(key);
            else if (entry is not null)
                Upsert(key, entry);
        }
    }

    private void Upsert(NamespacedName key, ObjectCache<T>.Entry entry)
    {
        var old = Cache.Find(key);
        if (old?.ResourceVersion == entry.ResourceVersion && old.Uid == entry.Uid)
            return;

        if (old is not null && old.Uid != entry.Uid)
        {
            // The object was deleted and created again between two lists. A handler that counts objects must see both changes.
            Delete(key);
            old = null;
        }

        Cache.Set(key, entry);
        Notify(new(key, old?.Object, entry.Object));
    }

    private void Delete(NamespacedName key)
    {
        if (Cache.Remove(key, out var removed))
            Notify(new(key, removed.Object, null));
    }

    private ObjectCache<T>.Entry? Decode(JsonElement item)
    {
        try
        {
            return new(decode(item), item.Uid(), item.ResourceVersion());
        }
        catch (Exception e)
        {
            Log.UndecodableObject(log, e, resource, item.Key());
            return null;
        }
    }

    private void Notify(ObjectChange<T> change)
    {
        foreach (var handler in _handlers)
            Notify(handler, change);
    }

    private void Notify(Action<ObjectChange<T>> handler, ObjectChange<T> change)
    {
        try
        {
            handler(change);
        }
        catch (Exception e)
        {
            Log.HandlerFailed(log, e, resource, change.Key);
        }
    }

    private void Touch() => Volatile.Write(ref _lastContact, clock.GetUtcNow().UtcTicks);

    /// <summary>Decides whether the position in the history is still valid, and returns how long to wait before the next attempt.</summary>
    private TimeSpan Recover(Exception failure)
    {
        Telemetry.WatchFailures.Add(1, Telemetry.Resource(resource));
        var status = failure as KubeStatusException;
        var refused = status is { Code: >= 400 and < 500 and not 429 };
        var isMalformed = failure is JsonException;

        // A connection that breaks before a 410 can be read would otherwise be resumed at the same expired version forever.
        var stuck = _version is not null && status?.Code != 429 && ++_emptyWatches >= EmptyWatchesBeforeRelist;
        if (refused || isMalformed || stuck)
        {
            _version = null;
            _emptyWatches = 0;
        }

        var pause = status is { Code: 429 or 503, RetryAfter: { } asked } ? asked : _backoff.Next();
        if (status is { IsExpired: true })
            Log.HistoryExpired(log, resource, status.Message);
        else
            Log.WatchFailed(log, resource, _version ?? "(list)", pause.TotalSeconds, failure.GetBaseException().Message);
        return pause;
    }
}
