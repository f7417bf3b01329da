namespace Turnpike.Discovery;

/// <summary>
/// How long changes gather before the table is compiled again. A rare change waits for a moment only. Changes that keep coming wait longer
/// from one compilation to the next, so that a busy cluster or a slow compilation leaves the processor to those who wait for a table.
/// Not thread-safe.
/// </summary>
internal sealed class CompilationPace(TimeProvider clock)
{
    /// <summary>A rollout changes many objects within milliseconds; one table for all of them is enough.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(15);

    /// <summary>No change waits longer than this.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(500);

    private TimeSpan _wait = Shortest;
    private TimeSpan _took;
    private long? _ended;

    /// <summary>A compilation has ended, well or not.</summary>
    public void Compiled(TimeSpan took) => (_took, _ended) = (took, clock.GetTimestamp());

    /// <summary>A change is there: returns how long to wait for others.</summary>
    public TimeSpan Next()
    {
        // A change that comes sooner than the last ones were waited for, or than they took to compile, is one of a row.
        var isRare = _ended is not { } ended || clock.GetElapsedTime(ended) > Longer(_wait, _took);
        var grown = Longer(_wait * 2, _took);
        _wait = isRare ? Shortest : grown < Longest ? grown : Longest;
        return _wait;
    }

    private static TimeSpan Longer(TimeSpan left, TimeSpan right) => left > right ? left : right;
}
