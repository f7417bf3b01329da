using System.Diagnostics;
using System.Globalization;

namespace Turnpike.Tests.EndToEnd.Support;

/// <summary>Bounded waiting: for a condition, never for time to pass.</summary>
internal static class Poll
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    // Until the rules of a nodePort are there, kube-proxy's own socket takes the connections to it and never answers.
    private static readonly TimeSpan OneLook = TimeSpan.FromSeconds(2);

    /// <summary>Looks until what is seen is good; fails with what was seen last.</summary>
    /// <returns>How long it took.</returns>
    public static async Task<TimeSpan> UntilAsync<T>(string what, TimeSpan limit, Func<Task<T>> look, Func<T, bool> good, TimeSpan? oneLook = null)
    {
        var cancelled = TestContext.Current.CancellationToken;
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            string last;
            try
            {
                var seen = await look().WaitAsync(oneLook ?? OneLook, cancelled);
                if (good(seen))
                    return Stopwatch.GetElapsedTime(started);
                last = seen?.ToString() ?? "nothing";
            }
            catch (Exception e) when (e is HttpRequestException or TimeoutException)
            {
                last = e.Message;
            }
            if (Stopwatch.GetElapsedTime(started) > limit)
                Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"{what}: not within {limit.TotalSeconds} s; seen last: {last}"));
            await Task.Delay(Pause, cancelled);
        }
    }
}
