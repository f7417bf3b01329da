using Microsoft.Extensions.Time.Testing;
using Turnpike.Hosting.Reconcile;

namespace Turnpike.Tests.Hosting.Reconcile;

public sealed class WorkQueueTests
{
    private readonly FakeTimeProvider _clock = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Key_WaitsOnce_AndComesAgainAfterTheWork()
    {
        using var queue = new WorkQueue<string>(_clock);
        for (var i = 0; i < 5; i++)
            queue.Add("a");
        Assert.Equal(1, queue.Count);

        Assert.Equal("a", await queue.TakeAsync(Cancelled));
        queue.Add("a");
        queue.Add("a");
        Assert.Equal(0, queue.Count);

        queue.Done("a");
        Assert.Equal(1, queue.Count);
        await queue.TakeAsync(Cancelled);
        queue.Done("a");
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void Failures_WaitLonger_UpToTheLimit_UntilForgotten()
    {
        using var queue = new WorkQueue<string>(_clock, TimeSpan.FromMilliseconds(5), TimeSpan.FromSeconds(1));
        var waits = Enumerable.Range(0, 12).Select(_ => queue.AddAfterFailure("a").TotalMilliseconds);
        Assert.Equal([5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000, 1000, 1000], waits);
        Assert.Equal(0, queue.Count);

        _clock.Advance(TimeSpan.FromMilliseconds(6));
        Assert.Equal(1, queue.Count);

        queue.Forget("a");
        Assert.Equal(5, queue.AddAfterFailure("a").TotalMilliseconds);
        Assert.Equal(5, queue.AddAfterFailure("b").TotalMilliseconds);
    }

    [Fact]
    public async Task Delay_KeepsTheEarliestTime_AndFiresOnce()
    {
        using var queue = new WorkQueue<string>(_clock);
        queue.AddAfter("a", TimeSpan.FromSeconds(10));
        queue.AddAfter("a", TimeSpan.FromSeconds(5));
        queue.AddAfter("a", TimeSpan.FromSeconds(20));
        _clock.Advance(TimeSpan.FromSeconds(4.9));
        Assert.Equal(0, queue.Count);
        _clock.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal(1, queue.Count);

        queue.Done(await queue.TakeAsync(Cancelled));
        _clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public async Task Delays_OfManyKeys_ComeInTheirOrder()
    {
        using var queue = new WorkQueue<int>(_clock);
        foreach (var key in new[] { 3, 1, 2 })
            queue.AddAfter(key, TimeSpan.FromSeconds(key));
        queue.AddAfter(0, TimeSpan.Zero);
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(3, queue.Count);
        _clock.Advance(TimeSpan.FromSeconds(1));

        var taken = new List<int>();
        for (var i = 0; i < 4; i++)
            taken.Add(await queue.TakeAsync(Cancelled));
        Assert.Equal([0, 1, 2, 3], taken);
    }

    [Fact]
    public async Task Debounce_IsBounded_WhenEventsDoNotStop()
    {
        using var queue = new WorkQueue<string>(_clock);
        var runs = 0;
        for (var i = 0; i < 100; i++)
        {
            queue.AddAfter("all", TimeSpan.FromMilliseconds(100));
            _clock.Advance(TimeSpan.FromMilliseconds(10));
            if (queue.Count == 1)
            {
                queue.Done(await queue.TakeAsync(Cancelled));
                runs++;
            }
        }

        Assert.InRange(runs, 9, 10);
    }

    [Fact]
    public async Task Disposed_TakesNothingIn()
    {
        var queue = new WorkQueue<string>(_clock);
        queue.AddAfter("a", TimeSpan.FromSeconds(1));
        queue.Dispose();
        queue.Add("b");
        queue.AddAfter("c", TimeSpan.FromSeconds(1));
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(0, queue.Count);

        using var stop = new CancellationTokenSource();
        var waiting = queue.TakeAsync(stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}
