using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Turnpike.Hosting.Reconcile;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Hosting.Reconcile;

public sealed class ReconcileLoopTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly WorkQueue<int> _queue;
    private Task _run = Task.CompletedTask;

    public ReconcileLoopTests() => _queue = new(_clock);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run.WaitAsync(TimeSpan.FromSeconds(10));
        _queue.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task Key_NeverRunsTwiceAtOnce_AndItsLastAdditionIsSeen()
    {
        var running = new ConcurrentDictionary<int, int>();
        var version = new int[50];
        var seen = new int[50];
        var together = 0;
        Start(8, async (key, _) =>
        {
            if (running.AddOrUpdate(key, 1, (_, count) => count + 1) != 1)
                Interlocked.Increment(ref together);
            Volatile.Write(ref seen[key], Volatile.Read(ref version[key]));
            if (Random.Shared.Next(10) == 0)
                await Task.Yield();
            running.AddOrUpdate(key, 0, (_, count) => count - 1);
            return Random.Shared.Next(50) == 0 ? throw new InvalidOperationException("boom") : null;
        });

        await Parallel.ForAsync(0, 20_000, TestContext.Current.CancellationToken, async (step, _) =>
        {
            var key = Random.Shared.Next(50);
            Interlocked.Increment(ref version[key]);
            _queue.Add(key);
            if (step % 100 == 0)
                await Task.Yield();
        });

        await Until(() => Enumerable.Range(0, 50).All(key => Volatile.Read(ref seen[key]) == version[key]), "every last addition");
        Assert.Equal(0, together);
    }

    [Fact]
    public async Task Waits_UntilTheCachesAreThere()
    {
        var calls = 0;
        var synced = new TaskCompletionSource();
        _queue.Add(1);
        Start(2, (_, _) =>
        {
            Interlocked.Increment(ref calls);
            return Task.FromResult<TimeSpan?>(null);
        }, synced.Task);

        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((0, 1), (calls, _queue.Count));
        synced.SetResult();
        await Until(() => calls == 1, "the call");
    }

    [Fact]
    public async Task Failure_IsRetriedForEver_AndForgottenOnSuccess()
    {
        var calls = new List<DateTimeOffset>();
        Start(1, (_, _) =>
        {
            calls.Add(_clock.GetUtcNow());
            return calls.Count is < 9 or 10 ? throw new InvalidOperationException("boom") : Task.FromResult<TimeSpan?>(null);
        });
        _queue.Add(1);

        await Until(() => calls.Count == 9, "nine calls", TimeSpan.FromMilliseconds(10));
        Assert.True(calls[8] - calls[7] >= TimeSpan.FromMilliseconds(640));
        _queue.Add(1);
        await Until(() => calls.Count == 11, "two more", TimeSpan.FromMilliseconds(10));
        Assert.InRange(calls[10] - calls[9], TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(400));
    }

    [Fact]
    public async Task Call_ThatTakesTooLong_IsCancelledAndRetried()
    {
        var calls = 0;
        Start(1, async (_, ct) =>
        {
            if (Interlocked.Increment(ref calls) == 1)
                await Wait.Forever(ct);
            return null;
        });
        _queue.Add(1);

        await Until(() => calls == 2, "the second call", TimeSpan.FromSeconds(1));
        Assert.Equal(0, _queue.Count);
    }

    [Fact]
    public async Task RequeueAfter_ComesAgain()
    {
        var calls = 0;
        Start(1, (_, _) => Task.FromResult<TimeSpan?>(Interlocked.Increment(ref calls) < 3 ? TimeSpan.FromHours(1) : null));
        _queue.Add(1);

        await Until(() => calls == 3, "three calls", TimeSpan.FromMinutes(10));
    }

    [Fact]
    public async Task Cancellation_AwaitsTheCall_AndKeepsItsKey()
    {
        var entered = new TaskCompletionSource();
        var left = false;
        Start(1, async (_, ct) =>
        {
            entered.SetResult();
            try
            {
                await Wait.Forever(ct);
            }
            finally
            {
                await Task.Yield();
                left = true;
            }

            return null;
        });
        _queue.Add(1);
        await entered.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

        await _stop.CancelAsync();
        await _run.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.True(left);
        Assert.Equal(1, _queue.Count);
    }

    private void Start(int workers, Reconciler<int> reconcile, Task? synced = null)
    {
        var options = new ReconcileOptions { Workers = workers };
        var loop = new ReconcileLoop<int>("test", _queue, reconcile, options, NullLogger.Instance, _clock);
        _run = loop.RunAsync([synced ?? Task.CompletedTask], _stop.Token);
    }

    private Task Until(Func<bool> condition, string what, TimeSpan? step = null) => Wait.Until(condition, what, _clock, step);
}
