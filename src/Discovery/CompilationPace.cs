namespace Turnpike.Discovery;

/// <summary>
/// Decides how long changes gather before the table is compiled again. A change waits for a moment only while compilations are cheap. Where they are
/// dear, the processor rests after each of them for a multiple of what it cost, so that a busy cluster leaves time to those who wait for a table.
/// Not thread-safe.
/// </summary>
internal sealed class CompilationPace(TimeProvider clock)
{
    /// <summary>A rollout changes many objects within milliseconds; one table for all of them is enough.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(15);

    /// <summary>No change waits longer than this.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(500);

    /// <summary>A compilation that costs 1 is followed by 4 of rest, so that compiling takes a fifth of the time while changes keep coming.</summary>
    private const int RestPerCost = 4;

    private TimeSpan _cost;
    private long _ended;

    /// <summary>Notes what a compilation cost, whether it succeeded or not.</summary>
    public void Compiled(TimeSpan took)
    {
        // A single slow compilation counts for half of what it took, and a cheap one ends the memory of it.
        _cost = took < _cost ? took : (_cost + took) / 2;
        _ended = clock.GetTimestamp();
    }

    /// <summary>Returns how long a change that has just come waits for others. The time since the last compilation counts as rest.</summary>
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
