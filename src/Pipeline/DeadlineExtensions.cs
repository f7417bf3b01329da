namespace Turnpike.Pipeline;

internal static class DeadlineExtensions
{
    /// <summary>Returns a task that completes after a time.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled before.</exception>
    public static async Task DelayAsync(this IDeadlines deadlines, TimeSpan after, CancellationToken cancellationToken)
    {
        var delay = new Delay(cancellationToken);
        deadlines.Schedule(delay, after);
        try
        {
            await using var registration = cancellationToken.UnsafeRegister(static state => ((Delay)state!).OnCancelled(), delay);
            await delay.Task;
        }
        finally
        {
            deadlines.Remove(delay);
        }
    }

    private sealed class Delay(CancellationToken cancellationToken) : Deadline
    {
        private readonly TaskCompletionSource _end = new();

        public Task Task => _end.Task;

        public void OnCancelled() => _end.TrySetCanceled(cancellationToken);

        protected internal override void OnExpired() => _end.TrySetResult();
    }
}
