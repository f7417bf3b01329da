namespace Turnpike.Discovery;

/// <summary>
/// Decides how long changes gather before the table is compiled again. While compilations are cheap, a change waits only for a moment. When
/// they are expensive, a pause follows each of them that is a multiple of its duration, so that a busy cluster leaves processor time for
/// the streams of the proxies. Not thread-safe.
/// </summary>
internal sealed class CompilationPace(TimeProvider clock)
{
    /// <summary>A rollout changes many objects within milliseconds; one table for all of them is enough.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(15);

    /// <summary>No change waits longer than this.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// The pause after a compilation, as a multiple of its duration. With 4, compiling takes a fifth of the time while changes keep coming.
    /// </summary>
    private const int RestPerCost = 4;

    private TimeSpan _cost;
    private long _ended;

    /// <summary>Records the duration of a compilation, whether it succeeded or not.</summary>
    public void Compiled(TimeSpan took)
    {
        // The estimate moves half way to a slower compilation, and at once to a faster one, so that a single slow compilation has no
        // lasting effect.
        _cost = took < _cost ? took : (_cost + took) / 2;
        _ended = clock.GetTimestamp();
    }

    /// <summary>
    /// Returns how long a new change waits for further ones. The time since the last compilation counts as part of the pause.
    /// </summary>
    public TimeSpan Next()
    {
        if (_cost == TimeSpan.Zero)
            return Shortest;
        var rest = RestPerCost * _cost;
        if (rest > Longest)
            rest = Longest;
        var left = rest - clock.GetElapsedTime(_ended);
        return left > Shortest ? left : Shortest;
    }
}
