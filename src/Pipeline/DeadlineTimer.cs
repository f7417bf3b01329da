namespace Turnpike.Pipeline;

/// <summary>
/// Advances a wheel of deadlines by one timer, for engines without a loop of their own. The timer rests while there are no deadlines.
/// </summary>
internal sealed class DeadlineTimer : IDeadlines, IDisposable
{
    // A few actions run on the timer's thread one after the other. The rest goes to the thread pool, because an endpoint that hangs may
    // let thousands expire at once.
    private const int InlineLimit = 16;

    private readonly DeadlineWheel _wheel;
    private readonly ITimer _timer;
    private readonly Lock _advancing = new();
    private readonly List<Deadline> _expired = [];

    public DeadlineTimer(TimeProvider time)
    {
        _wheel = new DeadlineWheel(time, Wake);
        var never = Timeout.InfiniteTimeSpan;
        _timer = time.CreateTimer(static state => ((DeadlineTimer)state!).Advance(), this, never, never);
    }

    /// <inheritdoc/>
    public void Schedule(Deadline deadline, TimeSpan after) => _wheel.Schedule(deadline, after);

    /// <inheritdoc/>
    public void Remove(Deadline deadline) => _wheel.Remove(deadline);

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    // Timers count whole milliseconds and round down. A time of zero would let a clock that is moved by hand call back at once, under
    // the lock of the wheel.
    private void Wake(TimeSpan after) =>
        _timer.Change(TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(after.TotalMilliseconds))), Timeout.InfiniteTimeSpan);

    private void Advance()
    {
        Deadline[] expired;
        lock (_advancing)
        {
            _wheel.Advance(_expired);
            expired = [.. _expired];
            _expired.Clear();
        }
        for (var i = InlineLimit; i < expired.Length; i++)
            ThreadPool.UnsafeQueueUserWorkItem(expired[i], preferLocal: false);
        for (var i = 0; i < Math.Min(InlineLimit, expired.Length); i++)
            expired[i].OnExpired();
    }
}
