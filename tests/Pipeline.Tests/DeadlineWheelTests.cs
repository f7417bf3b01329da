using Microsoft.Extensions.Time.Testing;
using Turnpike.Pipeline;

namespace Turnpike.Tests.Pipeline;

/// <summary>The deadlines of requests: never early, late by no more than is documented, and one timer for all of them.</summary>
public sealed class DeadlineWheelTests
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(1);

    private readonly CountingTimeProvider _time = new();
    private readonly List<TimeSpan> _wakes = [];
    private readonly DeadlineWheel _wheel;
    private readonly long _start;

    public DeadlineWheelTests()
    {
        _wheel = new DeadlineWheel(_time, _wakes.Add);
        _start = _time.GetTimestamp();
    }

    private TimeSpan Now => _time.GetElapsedTime(_start);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(9.9)]
    [InlineData(10)]
    [InlineData(10.1)]
    [InlineData(5_110)]
    [InlineData(5_120)]
    [InlineData(15_000)]
    [InlineData(3_600_003)]
    public void DeadlineExpires_NeverEarly_AndNoLaterThanTheResolution(double milliseconds)
    {
        _time.Advance(TimeSpan.FromMilliseconds(3.3));
        var deadline = new Recorded(this);
        var due = Now + TimeSpan.FromMilliseconds(milliseconds);

        _wheel.Schedule(deadline, TimeSpan.FromMilliseconds(milliseconds));
        RunWhenWoken(due + TimeSpan.FromSeconds(1));

        Assert.InRange(Assert.Single(deadline.Expirations), due, due + DeadlineWheel.Resolution);
        Assert.Equal(0, _wheel.LinkedCount);
    }

    [Fact]
    public void CancelledDeadlineDoesNotExpire_AndOneThatIsScheduledAgainExpiresOnce()
    {
        var deadline = new Recorded(this);
        _wheel.Schedule(deadline, TimeSpan.FromSeconds(1));
        deadline.Cancel();
        deadline.Cancel();
        Run(TimeSpan.FromSeconds(2));
        Assert.Empty(deadline.Expirations);
        Assert.False(deadline.HasExpired);

        _wheel.Schedule(deadline, TimeSpan.FromSeconds(3));
        _wheel.Schedule(deadline, TimeSpan.FromSeconds(1));
        _wheel.Schedule(deadline, TimeSpan.FromSeconds(2));
        Run(TimeSpan.FromSeconds(6));

        Assert.Equal(TimeSpan.FromSeconds(4), Assert.Single(deadline.Expirations));
        deadline.Cancel();
        Assert.True(deadline.HasExpired);
    }

    [Fact]
    public void SchedulingTheSameObjectRequestAfterRequestLinksItOnce()
    {
        var deadline = new Recorded(this);
        for (var request = 0; request < 1000; request++)
        {
            _wheel.Schedule(deadline, TimeSpan.FromSeconds(15));
            _time.Advance(Step);
            deadline.Cancel();
        }

        Assert.Equal(1, _wheel.LinkedCount);
        Assert.Single(_wakes);
        Run(TimeSpan.FromSeconds(6));
        Assert.Equal(0, _wheel.LinkedCount);
        Assert.Empty(deadline.Expirations);
    }

    [Fact]
    public void RemovedDeadlineIsForgottenAtOnce()
    {
        var deadlines = Enumerable.Range(0, 5).Select(_ => new Recorded(this)).ToArray();
        foreach (var deadline in deadlines)
            _wheel.Schedule(deadline, TimeSpan.FromSeconds(1));

        foreach (var i in new[] { 2, 0, 4, 2 })
            _wheel.Remove(deadlines[i]);

        Assert.Equal(2, _wheel.LinkedCount);
        Run(TimeSpan.FromSeconds(2));
        Assert.Equal([0, 1, 0, 1, 0], deadlines.Select(d => d.Expirations.Count));
    }

    [Fact]
    public void SchedulingAndCancellingAllocatesNothing()
    {
        var deadline = new Recorded(this);
        _wheel.Schedule(deadline, TimeSpan.FromSeconds(15));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            _wheel.Schedule(deadline, TimeSpan.FromSeconds(15));
            deadline.Cancel();
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>A model: a list of what is due, looked through at every step.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void WheelDoesWhatASortedListDoes(int seed)
    {
        var random = new Random(seed);
        var deadlines = Enumerable.Range(0, 200).Select(_ => new Recorded(this)).ToArray();
        var due = new Dictionary<Recorded, TimeSpan>();
        for (var step = 0; step < 20_000; step++)
        {
            var deadline = deadlines[random.Next(deadlines.Length)];
            switch (random.Next(6))
            {
                case 0:
                    deadline.Cancel();
                    due.Remove(deadline);
                    break;
                case 1:
                    _wheel.Remove(deadline);
                    due.Remove(deadline);
                    break;
                case 2:
                    Elapse(random.Next(50) == 0 ? TimeSpan.FromSeconds(random.Next(20)) : TimeSpan.FromTicks(random.Next(300_000)));
                    break;
                default:
                    var after = TimeSpan.FromTicks((long)(Math.Pow(random.NextDouble(), 4) * TimeSpan.FromSeconds(30).Ticks));
                    _wheel.Schedule(deadline, after);
                    due[deadline] = Now + after;
                    break;
            }
        }
        Elapse(TimeSpan.FromMinutes(1));
        Assert.Empty(due);
        Assert.Equal(0, _wheel.LinkedCount);

        void Elapse(TimeSpan time)
        {
            _time.Advance(time);
            foreach (var deadline in deadlines)
                deadline.Expirations.Clear();
            Advance();
            foreach (var deadline in deadlines)
            {
                var isDue = due.TryGetValue(deadline, out var at);
                var expired = deadline.Expirations.Count == 1;
                Assert.True(deadline.Expirations.Count <= 1);
                Assert.False(expired && (!isDue || at > Now), "a deadline expired that was not due");
                Assert.False(!expired && isDue && at + DeadlineWheel.Resolution <= Now, "a deadline was due and did not expire");
                if (expired)
                    due.Remove(deadline);
            }
        }
    }

    [Fact]
    public void ThousandsOfDeadlinesCostOneTimer_WhichRestsWhenThereAreNone()
    {
        using var timer = new DeadlineTimer(_time);
        var expired = 0;
        var deadlines = Enumerable.Range(0, 5000).Select(_ => new Counted(() => Interlocked.Increment(ref expired))).ToArray();
        for (var i = 0; i < deadlines.Length; i++)
            timer.Schedule(deadlines[i], TimeSpan.FromMilliseconds(100 + i));
        for (var i = 0; i < deadlines.Length; i += 2)
            deadlines[i].Cancel();

        for (var i = 0; i < 600; i++)
            _time.Advance(DeadlineWheel.Resolution);

        SpinWait.SpinUntil(() => Volatile.Read(ref expired) == deadlines.Length / 2, TimeSpan.FromSeconds(30));
        Assert.Equal(deadlines.Length / 2, expired);
        Assert.Equal(1, _time.Timers);
        var changes = _time.Changes;
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(changes, _time.Changes);
    }

    /// <summary>Callers on several threads, each with its own deadlines, and one that advances.</summary>
    [Fact]
    public async Task CallersOnManyThreadsLoseNoDeadline()
    {
        using var timer = new DeadlineTimer(TimeProvider.System);
        var callers = Enumerable.Range(0, 4).Select(seed => Task.Run(async () =>
        {
            var random = new Random(seed);
            for (var i = 0; i < 50; i++)
            {
                var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                var deadline = new Counted(() => end.TrySetResult());
                for (var j = random.Next(2000); j > 0; j--)
                {
                    timer.Schedule(deadline, TimeSpan.FromMilliseconds(1000 + random.Next(20_000)));
                    deadline.Cancel();
                }
                timer.Schedule(deadline, TimeSpan.FromMilliseconds(random.Next(20)));
                await end.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
            }
        }));
        await Task.WhenAll(callers);
    }

    [Fact]
    public async Task DelayEndsInTime_OrWithItsToken()
    {
        using var timer = new DeadlineTimer(_time);
        using var stop = new CancellationTokenSource();
        var delay = timer.DelayAsync(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        var cancelled = timer.DelayAsync(TimeSpan.FromSeconds(1), stop.Token);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        _time.Advance(TimeSpan.FromSeconds(1) - Step);
        Assert.False(delay.IsCompleted);
        _time.Advance(Step);
        await delay.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    private void Run(TimeSpan length)
    {
        for (var end = Now + length; Now < end;)
        {
            _time.Advance(Step);
            Advance();
        }
    }

    /// <summary>Advances when the wheel has asked for it, and only then.</summary>
    private void RunWhenWoken(TimeSpan end)
    {
        while (_wakes.Count > 0 && Now < end)
        {
            var wake = _wakes[^1];
            _wakes.Clear();
            _time.Advance(wake > TimeSpan.Zero ? wake : TimeSpan.Zero);
            Advance();
        }
    }

    private void Advance()
    {
        var expired = new List<Deadline>();
        _wheel.Advance(expired);
        foreach (var deadline in expired)
            deadline.OnExpired();
    }

    private sealed class Recorded(DeadlineWheelTests test) : Deadline
    {
        public List<TimeSpan> Expirations { get; } = [];

        protected internal override void OnExpired() => Expirations.Add(test.Now);
    }

    private sealed class Counted(Action action) : Deadline
    {
        protected internal override void OnExpired() => action();
    }

    private sealed class CountingTimeProvider : FakeTimeProvider
    {
        private int _changes;

        public int Timers { get; private set; }

        public int Changes => _changes;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Timers++;
            return new CountingTimer(this, base.CreateTimer(callback, state, dueTime, period));
        }

        private sealed class CountingTimer(CountingTimeProvider time, ITimer inner) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                Interlocked.Increment(ref time._changes);
                return inner.Change(dueTime, period);
            }

            public void Dispose() => inner.Dispose();

            public ValueTask DisposeAsync() => inner.DisposeAsync();
        }
    }
}
