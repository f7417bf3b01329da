using System.Globalization;
using Microsoft.Extensions.Time.Testing;

namespace Turnpike.Tests.Support;

/// <summary>
/// Bounded waiting for what others do in their own time, by looking again and again. Nothing else in tests may sleep: a time that is long
/// enough on one machine is too short on another.
/// </summary>
internal static class Wait
{
    /// <summary>Longer than anything takes that a test waits for. A test that promises more speed states a limit of its own.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan ShortPause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    // Until the rules of a nodePort are there, kube-proxy's own socket takes the connections to it and never responds.
    private static readonly TimeSpan OneLook = TimeSpan.FromSeconds(2);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Looks until the condition holds. With a clock, virtual time passes between two looks.</summary>
    public static async Task Until(
        Func<bool> condition, string what, FakeTimeProvider? clock = null, TimeSpan? step = null, TimeSpan? limit = null)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < (limit ?? Limit), $"waited in vain for {what}");
            clock?.Advance(step ?? TimeSpan.FromMilliseconds(100));
            await SleepAsync(ShortPause, Cancelled);
        }
    }

    /// <summary>Looks until what is seen is right, and returns it.</summary>
    public static async Task<T> For<T>(Func<CancellationToken, Task<T>> look, Func<T, bool> isRight, string what, TimeSpan? limit = null)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var seen = await look(Cancelled);
            if (isRight(seen))
                return seen;
            var last = seen is IEnumerable<string> all ? string.Join("; ", all) : seen?.ToString();
            Assert.True(TimeProvider.System.GetElapsedTime(started) < (limit ?? Limit), $"waited in vain for {what}; last seen: {last}");
            await SleepAsync(Pause, Cancelled);
        }
    }

    /// <summary>
    /// Looks from outside until what is seen is good. A look that fails or takes too long has seen something bad.
    /// </summary>
    /// <returns>How long it took.</returns>
    public static async Task<TimeSpan> UntilSeen<T>(
        string what, TimeSpan limit, Func<Task<T>> look, Func<T, bool> good, TimeSpan? oneLook = null)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            string last;
            try
            {
                var seen = await look().WaitAsync(oneLook ?? OneLook, Cancelled);
                if (good(seen))
                    return TimeProvider.System.GetElapsedTime(started);
                last = seen?.ToString() ?? "nothing";
            }
            catch (Exception e) when (e is HttpRequestException or TimeoutException)
            {
                last = e.Message;
            }
            if (TimeProvider.System.GetElapsedTime(started) > limit)
                Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"{what}: not within {limit.TotalSeconds} s; last seen: {last}"));
            await SleepAsync(Pause, Cancelled);
        }
    }

    /// <summary>Lets virtual time pass until the task has ended, and returns how much passed.</summary>
    public static async Task<TimeSpan> Advance(FakeTimeProvider clock, TimeSpan step, Task task, TimeSpan? most = null)
    {
        var passed = TimeSpan.Zero;
        while (!task.IsCompleted)
        {
            Assert.True(passed < (most ?? TimeSpan.FromHours(1)), $"nothing has happened in {passed} of virtual time");
            clock.Advance(step);
            passed += step;
            await Task.WhenAny(task, SleepAsync(ShortPause, Cancelled));
        }
        return passed;
    }

    /// <summary>Never ends but by cancellation: what hangs on purpose.</summary>
    public static Task Forever(CancellationToken ct) => SleepAsync(Timeout.InfiniteTimeSpan, ct);

    /// <summary>Lets a load last, or paces one. This is never the way to wait until something has happened.</summary>
    public static Task Lasting(TimeSpan duration, CancellationToken ct) => SleepAsync(duration, ct);

#pragma warning disable RS0030 // The one place that sleeps.
    private static Task SleepAsync(TimeSpan time, CancellationToken ct) => Task.Delay(time, ct);
#pragma warning restore RS0030
}
