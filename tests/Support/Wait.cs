using Microsoft.Extensions.Time.Testing;

namespace Turnpike.Tests.Support;

/// <summary>Bounded waiting for what others do in their own time.</summary>
internal static class Wait
{
    /// <summary>Longer than anything takes that a test waits for. A test that promises more speed states a limit of its own.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    /// <summary>Looks until the condition holds. With a clock, virtual time passes between two looks.</summary>
    public static async Task Until(Func<bool> condition, string what, FakeTimeProvider? clock = null, TimeSpan? step = null, TimeSpan? limit = null)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < (limit ?? Limit), $"waited in vain for {what}");
            clock?.Advance(step ?? TimeSpan.FromMilliseconds(100));
            await Task.Delay(Pause, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Looks until what is seen is right, and returns it.</summary>
    public static async Task<T> For<T>(Func<CancellationToken, Task<T>> look, Func<T, bool> isRight, string what, TimeSpan? limit = null)
    {
        var cancelled = TestContext.Current.CancellationToken;
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var seen = await look(cancelled);
            if (isRight(seen))
                return seen;
            var last = seen is IEnumerable<string> all ? string.Join("; ", all) : seen?.ToString();
            Assert.True(TimeProvider.System.GetElapsedTime(started) < (limit ?? Limit), $"waited in vain for {what}; last seen: {last}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), cancelled);
        }
    }
}
