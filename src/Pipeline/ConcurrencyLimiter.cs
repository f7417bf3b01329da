namespace Turnpike.Pipeline;

internal enum LimiterResult
{
    /// <summary>Must leave again.</summary>
    Entered,

    /// <summary>Too many are in there, and too many wait.</summary>
    Overflow,

    /// <summary>Waited as long as it might.</summary>
    TimedOut,
}

/// <summary>Lets so many requests to a cluster at a time, and has so many more wait for their turn, in the order in which they came.</summary>
internal sealed class ConcurrencyLimiter(int limit, int waitingLimit)
{
    private const int BodylessShare = 4;

    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource<LimiterResult>> _waiting = [];
    private int _inside;
    private int _bodyless;

    public bool TryEnter()
    {
        lock (_lock)
        {
            if (_inside >= limit)
                return false;
            _inside++;
            return true;
        }
    }

    /// <summary>
    /// Enters with a request of whose body nothing has come. Such requests get a quarter of the room at most, so that clients who
    /// say nothing keep nobody out; <see cref="BodyArrived"/> must follow, besides <see cref="Leave"/>.
    /// </summary>
    public bool TryEnterBeforeBody()
    {
        lock (_lock)
        {
            if (_inside >= limit || _bodyless >= limit / BodylessShare)
                return false;
            _inside++;
            _bodyless++;
            return true;
        }
    }

    public void BodyArrived()
    {
        lock (_lock)
            _bodyless--;
    }

    /// <summary>Enters, where need be after a wait.</summary>
    /// <param name="longest">Of the wait; zero is no limit.</param>
    /// <param name="time">For that.</param>
    /// <param name="cancellationToken">Ends the wait with an exception.</param>
    public ValueTask<LimiterResult> EnterAsync(TimeSpan longest, TimeProvider time, CancellationToken cancellationToken) =>
        TryEnter() ? new(LimiterResult.Entered) : WaitAsync(longest, time, cancellationToken);

    public void Leave()
    {
        TaskCompletionSource<LimiterResult>? next;
        lock (_lock)
        {
            next = _waiting.First?.Value;
            if (next is null)
                _inside--;
            else
                _waiting.RemoveFirst();
        }
        next?.SetResult(LimiterResult.Entered);
    }

    private async ValueTask<LimiterResult> WaitAsync(TimeSpan longest, TimeProvider time, CancellationToken cancellationToken)
    {
        var turn = new TaskCompletionSource<LimiterResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_inside < limit)
            {
                _inside++;
                return LimiterResult.Entered;
            }
            if (_waiting.Count >= waitingLimit)
                return LimiterResult.Overflow;
            _waiting.AddLast(turn);
        }
        using var end = longest > TimeSpan.Zero ? new CancellationTokenSource(longest, time) : null;
        using var timeOver = end?.Token.UnsafeRegister(_ => GiveUp(turn), null);
        using var cancelled = cancellationToken.UnsafeRegister(_ => GiveUp(turn), null);
        var result = await turn.Task;
        if (result == LimiterResult.TimedOut)
            cancellationToken.ThrowIfCancellationRequested();
        return result;
    }

    private void GiveUp(TaskCompletionSource<LimiterResult> turn)
    {
        // Whoever takes it out of the list decides.
        bool waited;
        lock (_lock)
            waited = _waiting.Remove(turn);
        if (waited)
            turn.SetResult(LimiterResult.TimedOut);
    }
}
