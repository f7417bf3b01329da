using System.Diagnostics.CodeAnalysis;

namespace Turnpike.Hosting.Reconcile;

/// <summary>
/// Keys that need work. A key waits at most once, is never handed to two workers at a time, and when it is added while somebody works
/// on it, comes again after that: so the last addition is always followed by a whole look at the key.
/// </summary>
[SuppressMessage("Naming", "CA1711", Justification = "It is one, though not a collection.")]
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
    /// <param name="min">The wait after a key's first failure; it doubles with each further one.</param>
    /// <param name="max">The longest such wait.</param>
    public WorkQueue(TimeProvider clock, TimeSpan? min = null, TimeSpan? max = null)
    {
        _clock = clock;
        _min = min ?? DefaultMin;
        _max = max ?? DefaultMax;
        _timer = clock.CreateTimer(_ => Promote(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How many keys could be taken at once.</summary>
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
    /// Adds the key after a while. Of several such calls the earliest time counts, which makes this a debounce with a bounded delay:
    /// what happens meanwhile is dealt with together.
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

    /// <summary>Adds the key after a wait that grows with each failure since <see cref="Forget"/>; returns the wait.</summary>
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

    /// <summary>The key went well: its failures no longer count.</summary>
    public void Forget(TKey key)
    {
        lock (_gate)
            _failures.Remove(key);
    }

    /// <summary>Waits for a key. Whoever takes it must call <see cref="Done"/>.</summary>
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

    /// <summary>The work on a taken key is over, well or not.</summary>
    public void Done(TKey key)
    {
        lock (_gate)
        {
            if (_running.Remove(key) && _dirty.Contains(key) && !_closed)
                Offer(key);
        }
    }

    /// <summary>Nothing comes any more; what waits is forgotten.</summary>
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

                // An entry that an earlier one has overtaken is no longer what was asked for.
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
