using System.Text.Json;
using Microsoft.Extensions.Logging;
using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Watch;

/// <summary>
/// Keeps an <see cref="ObjectCache{T}"/> like the API server: one list, then watches, each going on where the last one ended. What was
/// missed while nobody watched is found by comparing, so that the changes told to handlers always add up to the cache.
/// </summary>
/// <param name="decode">
/// Makes the kept object out of its JSON, which is not valid afterwards. An object that it throws on is logged, and stays in the cache
/// as it last was understood.
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
    private const int BarrenWatchesBeforeRelist = 5;
    private static readonly TimeSpan ShortWatch = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CalmAgain = TimeSpan.FromMinutes(2);

    private readonly Lock _gate = new();
    private readonly List<Action<ObjectChange<T>>> _handlers = [];
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Backoff _backoff = new(options.BackoffMin, options.BackoffMax, options.Jitter);
    private long _lastContact;
    private string? _version;
    private int _barrenWatches;

    public ResourceRef Resource => resource;

    public ObjectCache<T> Cache { get; } = new();

    public Task Synced => _synced.Task;

    public DateTimeOffset? LastContact => Volatile.Read(ref _lastContact) is not 0 and var ticks ? new(ticks, TimeSpan.Zero) : null;

    /// <summary>Up to where the cache is known to be right; null while a list is needed.</summary>
    public string? ResourceVersion => _version;

    /// <summary>
    /// Tells of every change from now on, after an addition for each object that is there already. Handlers run one after another on the
    /// informer's own time, so they only note what is to be done; what they throw is logged and hurts nobody.
    /// </summary>
    public void AddHandler(Action<ObjectChange<T>> handler)
    {
        lock (_gate)
        {
            _handlers.Add(handler);
            foreach (var (key, entry) in Cache.Entries)
                Tell(handler, new(key, null, entry.Object));
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
                if (clock.GetElapsedTime(started) > CalmAgain)
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
        var barren = true;
        var events = WatchStream.OpenAsync(api, resource, options.Query, _version!, timeout, options.WatchGrace, clock, Touch, ct);
        await foreach (var change in events)
        {
            Touch();
            barren = false;
            _barrenWatches = 0;
            Telemetry.Events.Add(1, Telemetry.Resource(resource));
            if (change.Kind != WatchEventKind.Bookmark)
                Apply(change);
            if (change.Object.ResourceVersion() is { Length: > 0 } version)
                _version = version;
        }

        if (barren && clock.GetElapsedTime(started) < ShortWatch)
            throw new IOException("the server ended the watch at once");
        _barrenWatches = 0;
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
            // Deleted and made anew while nobody looked: whoever counts must see both.
            Delete(key);
            old = null;
        }

        Cache.Set(key, entry);
        Tell(new(key, old?.Object, entry.Object));
    }

    private void Delete(NamespacedName key)
    {
        if (Cache.Remove(key, out var removed))
            Tell(new(key, removed.Object, null));
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

    private void Tell(ObjectChange<T> change)
    {
        foreach (var handler in _handlers)
            Tell(handler, change);
    }

    private void Tell(Action<ObjectChange<T>> handler, ObjectChange<T> change)
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

    /// <summary>Decides whether the position in the history can still be trusted, and how long to wait before going on.</summary>
    private TimeSpan Recover(Exception failure)
    {
        Telemetry.WatchFailures.Add(1, Telemetry.Resource(resource));
        var status = failure as KubeStatusException;
        var refused = status is { Code: >= 400 and < 500 and not 429 };
        var garbled = failure is JsonException;

        // A connection that breaks before a 410 can be read would otherwise be resumed at the same lost version for ever.
        var stuck = _version is not null && status?.Code != 429 && ++_barrenWatches >= BarrenWatchesBeforeRelist;
        if (refused || garbled || stuck)
        {
            _version = null;
            _barrenWatches = 0;
        }

        var pause = status is { Code: 429 or 503, RetryAfter: { } asked } ? asked : _backoff.Next();
        if (status is { IsExpired: true })
            Log.HistoryExpired(log, resource, status.Message);
        else
            Log.WatchFailed(log, resource, failure.GetBaseException().Message, _version ?? "(list)", pause.TotalSeconds);
        return pause;
    }
}
