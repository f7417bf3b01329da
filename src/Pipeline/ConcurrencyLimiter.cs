namespace Turnpike.Pipeline;

internal enum LimiterResult
{
    /// <summary>The caller has a slot and must give it back by <see cref="ConcurrencyLimiter.Leave"/>.</summary>
    Entered,

    /// <summary>All slots are taken, and so are the places to wait.</summary>
    Overflow,

    /// <summary>The longest wait was over before there was a slot.</summary>
    TimedOut,
}

/// <summary>
/// Limits the concurrent requests to a cluster, and lets a bounded number of others wait for a slot in the order in which they came. While
/// there is room, entering and leaving is one atomic operation each.
/// </summary>
internal sealed class ConcurrencyLimiter(int limit, int waitingLimit)
{
    private const int BodylessShare = 4;

    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _waiting = [];
    private int _inside;
    private int _waitingCount;
    private int _bodyless;

    /// <summary>Takes a slot at once. Returns false when there is none, or others wait for one.</summary>
    public bool TryEnter() => Volatile.Read(ref _waitingCount) == 0 && TryTake();

    /// <summary>
    /// Enters with a request of whose body nothing has arrived. Such requests get a quarter of the slots at most, so that clients that
    /// send nothing do not keep others out. <see cref="BodyArrived"/> must follow, besides <see cref="Leave"/>.
    /// </summary>
    public bool TryEnterBeforeBody()
    {
        if (Interlocked.Increment(ref _bodyless) <= limit / BodylessShare && TryEnter())
            return true;
        Interlocked.Decrement(ref _bodyless);
        return false;
    }

    public void BodyArrived() => Interlocked.Decrement(ref _bodyless);

    /// <summary>Takes a slot, after a wait if there is none.</summary>
    /// <param name="longest">The longest wait. Zero means no limit.</param>
    /// <param name="deadlines">Ends the wait.</param>
    /// <param name="cancellationToken">Ends the wait with an exception.</param>
    public ValueTask<LimiterResult> EnterAsync(TimeSpan longest, IDeadlines deadlines, CancellationToken cancellationToken) =>
        TryEnter() ? new(LimiterResult.Entered) : WaitAsync(longest, deadlines, cancellationToken);

    public void Leave()
    {
        // The slot is free before the waiters are counted, and a waiter is counted before it looks for a slot: one of the two finds it.
        Interlocked.Decrement(ref _inside);
        if (Volatile.Read(ref _waitingCount) > 0)
            AdmitWaiters();
    }

    private bool TryTake()
    {
        var inside = Volatile.Read(ref _inside);
        while (inside < limit)
        {
            var seen = Interlocked.CompareExchange(ref _inside, inside + 1, inside);
            if (seen == inside)
                return true;
            inside = seen;
        }
        return false;
    }

    private void AdmitWaiters()
    {
        while (true)
        {
            Waiter next;
            lock (_lock)
            {
                if (_waiting.First is not { } first || !TryTake())
                    return;
                next = first.Value;
                Remove(first);
            }
            next.Complete(LimiterResult.Entered);
        }
    }

    private async ValueTask<LimiterResult> WaitAsync(TimeSpan longest, IDeadlines deadlines, CancellationToken cancellationToken)
    {
        var waiter = new Waiter(this);
        lock (_lock)
        {
            if (_waiting.Count >= waitingLimit)
                return TryTake() ? LimiterResult.Entered : LimiterResult.Overflow;
            _waiting.AddLast(waiter);
            Interlocked.Increment(ref _waitingCount);
        }
        AdmitWaiters();
        try
        {
            if (longest > TimeSpan.Zero)
                deadlines.Schedule(waiter, longest);
            using var cancelled = cancellationToken.UnsafeRegister(static state => ((Waiter)state!).GiveUp(), waiter);
            var result = await waiter.Turn;
            if (result == LimiterResult.TimedOut)
                cancellationToken.ThrowIfCancellationRequested();
            return result;
        }
        finally
        {
            if (longest > TimeSpan.Zero)
                deadlines.Remove(waiter);
        }
    }

    private void GiveUp(Waiter waiter)
    {
        // Whichever call takes the waiter out of the list decides how its wait ends.
        lock (_lock)
        {
            if (_waiting.Find(waiter) is not { } node)
                return;
            Remove(node);
        }
        waiter.Complete(LimiterResult.TimedOut);
    }

    private void Remove(LinkedListNode<Waiter> node)
    {
        _waiting.Remove(node);
        Interlocked.Decrement(ref _waitingCount);
    }

    private sealed class Waiter(ConcurrencyLimiter limiter) : Deadline
    {
        private readonly TaskCompletionSource<LimiterResult> _turn = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<LimiterResult> Turn => _turn.Task;

        public void Complete(LimiterResult result) => _turn.SetResult(result);

        public void GiveUp() => limiter.GiveUp(this);

        protected internal override void OnExpired() => GiveUp();
    }
}
