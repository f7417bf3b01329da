using Microsoft.Extensions.Time.Testing;

namespace Turnpike.Tests.ControlPlane.Harness;

/// <summary>Bounded waiting for a condition.</summary>
internal static class Wait
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Looks again and again; with a clock, each look lets virtual time pass.</summary>
    public static async Task Until(Func<bool> condition, string what, FakeTimeProvider? clock = null, TimeSpan? step = null)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Limit, $"waited in vain: {what}");
            clock?.Advance(step ?? TimeSpan.FromMilliseconds(100));
            await Task.Delay(2, TestContext.Current.CancellationToken);
        }
    }
}
