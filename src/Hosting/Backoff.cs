namespace Turnpike.Hosting;

/// <summary>Doubling waits from <paramref name="min"/> to <paramref name="max"/>, each between half and one and a half times as long.</summary>
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
