namespace Turnpike.Tests.Integration.Support;

/// <summary>Bounded waiting for what others do in their own time.</summary>
internal static class Wait
{
    /// <summary>Far longer than anything takes; what promises to be faster says so.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Looks again and again until it is as it should be; returns what was seen then.</summary>
    public static async Task<T> For<T>(Func<CancellationToken, Task<T>> look, Func<T, bool> isRight, string what, TimeSpan? limit = null)
    {
        var cancelled = TestContext.Current.CancellationToken;
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var seen = await look(cancelled);
            if (isRight(seen))
                return seen;
            Assert.True(TimeProvider.System.GetElapsedTime(started) < (limit ?? Limit), $"waited in vain for {what}; last seen: {(seen is IEnumerable<string> all ? string.Join("; ", all) : seen)}");
            await Task.Delay(Pause, cancelled);
        }
    }

    public static Task Until(Func<bool> condition, string what, TimeSpan? limit = null) =>
        For(_ => Task.FromResult(condition()), met => met, what, limit);
}
