using System.Diagnostics.CodeAnalysis;

namespace Turnpike.Hosting.Reconcile;

/// <summary>
/// Keys that need work. A key is queued at most once and is never given to two workers at a time. A key that is added while a worker has
/// it is queued again afterwards, so that each addition is followed by a complete reconcile of the key.
/// </summary>
[SuppressMessage("Naming", "CA1711", Justification = "It is a queue, although it is not a collection.")]
public sealed class WorkQueue<TKey> : IDisposable
    where TKey : notnull
{
    private static readonly TimeSpan DefaultMin = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan DefaultMax = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private readonly Queue<TKey> _ready = new();
    private readonly HashSet<TKey> _dirty = [];
    private readonly HashSet<TKey> _running = [];
    private readonly Dictionary<TKey, int> _failures = [];
    private readonly Dictionary<TKey, long> _due = [];
    private readonly PriorityQueue<TKey, long> _delayed = new();
    private readonly SemaphoreSlim _available = new(0);
    private readonly TimeProvider _clock;
    private readonly TimeSpan _min;
    private readonly TimeSpan _max;
    private readonly ITimer _timer;
    private bool _closed;

    /// <param name="clock">Measures the delays.</param>
    /// <param name="min">The delay after a key's first failure. It doubles with each further one.</param>
    /// <param name="max">The longest delay after a failure.</param>
    public WorkQueue(TimeProvider clock, TimeSpan? min = null, TimeSpan? max = null)
    {
        _clock = clock;
        _min = min ?? DefaultMin;
        _max = max ?? DefaultMax;
        _timer = clock.CreateTimer(_ => Promote(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The number of keys that are ready to be taken.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _ready.Count;
        }
    }

    public void Add(TKey key)
    {
        lock (_gate)
            Enqueue(key);
    }

    /// <summary>
    /// Adds the key after a delay. The earliest time of several such calls counts, so this is a debounce with a bounded delay: events that
    /// arrive before that time lead to one run.
    /// </summary>
    public void AddAfter(TKey key, TimeSpan delay)
    {
        lock (_gate)
        {
            if (_closed)
                return;
            if (delay <= TimeSpan.Zero)
            {
                Enqueue(key);
                return;
            }

            var due = _clock.GetTimestamp() + (long)(delay.TotalSeconds * _clock.TimestampFrequency);
            if (_due.TryGetValue(key, out var earlier) && earlier <= due)
                return;
            _due[key] = due;
            _delayed.Enqueue(key, due);
            Arm();
        }
    }

    /// <summary>Adds the key after a delay that grows with each failure since <see cref="Forget"/>, and returns the delay.</summary>
    public TimeSpan AddAfterFailure(TKey key)
    {
        TimeSpan delay;
        lock (_gate)
        {
            var failures = _failures.GetValueOrDefault(key);
            _failures[key] = failures + 1;
            delay = TimeSpan.FromTicks((long)Math.Min(_min.Ticks * Math.Pow(2, Math.Min(failures, 40)), _max.Ticks));
        }

        AddAfter(key, delay);
        return delay;
    }

    /// <summary>Resets the failures of a key, after a success.</summary>
    public void Forget(TKey key)
    {
        lock (_gate)
            _failures.Remove(key);
    }

    /// <summary>Waits for a key. The caller must call <see cref="Done"/> when its work on the key has ended.</summary>
    public async Task<TKey> TakeAsync(CancellationToken ct)
    {
        await _available.WaitAsync(ct);
        lock (_gate)
        {
            var key = _ready.Dequeue();
            _dirty.Remove(key);
            _running.Add(key);
            return key;
        }
    }

    /// <summary>Ends the work on a key that was taken, whether it succeeded or not.</summary>
    public void Done(TKey key)
    {
        lock (_gate)
        {
            if (_running.Remove(key) && _dirty.Contains(key) && !_closed)
                Offer(key);
        }
    }

    /// <summary>Closes the queue and drops the keys that wait for a delay. Later additions have no effect.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            _delayed.Clear();
            _due.Clear();
        }

        _timer.Dispose();
    }

    private void Enqueue(TKey key)
    {
        if (!_closed && _dirty.Add(key) && !_running.Contains(key))
            Offer(key);
    }

    private void Offer(TKey key)
    {
        _ready.Enqueue(key);
        _available.Release();
    }

    private void Promote()
    {
        lock (_gate)
        {
            var now = _clock.GetTimestamp();
            while (_delayed.TryPeek(out var key, out var due) && due <= now)
            {
                _delayed.Dequeue();

                // An entry is stale when an earlier time has been asked for since.
                if (_due.TryGetValue(key, out var valid) && valid == due)
                {
                    _due.Remove(key);
                    Enqueue(key);
                }
            }

            if (!_closed)
                Arm();
        }
    }

    private void Arm()
    {
        if (!_delayed.TryPeek(out _, out var due))
            return;
        var wait = _clock.GetElapsedTime(_clock.GetTimestamp(), due);
        _timer.Change(wait < TimeSpan.Zero ? TimeSpan.Zero : wait, Timeout.InfiniteTimeSpan);
    }
}
