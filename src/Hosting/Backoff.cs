namespace Turnpike.Hosting;

/// <summary>
/// Delays that double from <paramref name="min"/> to <paramref name="max"/>, each multiplied by a random factor between 0.5 and 1.5.
/// </summary>
internal sealed class Backoff(TimeSpan min, TimeSpan max, Func<double> jitter)
{
    private int _failures;

    public TimeSpan Next()
    {
        var wait = Math.Min(min.TotalMilliseconds * Math.Pow(2, Math.Min(_failures++, 40)), max.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(wait * (0.5 + jitter()));
    }

    public void Reset() => _failures = 0;
}
