using System.Numerics;

namespace Turnpike.Pipeline;

/// <summary>
/// A timer wheel: slots of <see cref="Resolution"/> each, with a list of the deadlines that are looked at when the slot comes round.
/// Whatever is farther away than the wheel reaches waits in its last slot and is linked again from there.
/// </summary>
/// <remarks>
/// <para>
/// Nearly all deadlines are cancelled long before they are due, and the next request then schedules the same object for a later time. So
/// scheduling and cancelling are one atomic exchange each: the object stays linked where it is, and the wheel looks at what has become of
/// it when that slot comes round. Only a deadline that is not linked, or linked for a later time, takes the lock.
/// </para>
/// <para>
/// An object is due no earlier than the slot in which it is linked. The wheel takes the mark <see cref="Deadline.LinkedTick"/> away before
/// it reads the due tick, and the caller writes the due tick before it reads the mark, both with a full fence: at least one of them sees
/// what the other has written.
/// </para>
/// </remarks>
/// <param name="time">The clock.</param>
/// <param name="wake">
/// Called with the time until <see cref="Advance"/> has to be called next, whenever that is earlier than said before, and under the
/// lock of the wheel: it must neither wait nor call back.
/// </param>
internal sealed class DeadlineWheel(TimeProvider time, Action<TimeSpan> wake) : IDeadlines
{
    /// <summary>How late a deadline may expire.</summary>
    public static readonly TimeSpan Resolution = TimeSpan.FromMilliseconds(10);

    private const int SlotCount = 512;
    private const int WordBits = 64;
    private const long Last = long.MaxValue - 1;

    private readonly Lock _lock = new();
    private readonly Deadline?[] _slots = new Deadline?[SlotCount];
    private readonly ulong[] _occupied = new ulong[SlotCount / WordBits];
    private readonly long _start = time.GetTimestamp();
    private long _current;
    private long _awake = Deadline.Never;
    private int _linked;

    /// <summary>The number of deadlines that are linked, some of which may be cancelled.</summary>
    public int LinkedCount
    {
        get
        {
            lock (_lock)
                return _linked;
        }
    }

    /// <inheritdoc/>
    public void Schedule(Deadline deadline, TimeSpan after)
    {
        var tick = DueTickIn(after);
        deadline.Set(tick);
        if (Volatile.Read(ref deadline.LinkedTick) <= tick)
            return;
        lock (_lock)
        {
            if (deadline.LinkedTick <= tick)
                return;
            Unlink(deadline);
            if (_linked == 0)
                _current = Math.Max(_current, NowTick());
            Link(deadline, tick);
            WakeBy(deadline.LinkedTick);
        }
    }

    /// <inheritdoc/>
    public void Remove(Deadline deadline)
    {
        deadline.Cancel();
        lock (_lock)
            Unlink(deadline);
    }

    /// <summary>Collects the deadlines whose time has come; their actions are the caller's to run, outside of any lock.</summary>
    public void Advance(List<Deadline> expired)
    {
        lock (_lock)
        {
            var now = NowTick();
            // A wheel that was not advanced for a whole turn has every slot behind it once.
            for (var tick = Math.Max(_current + 1, now - SlotCount + 1); tick <= now; tick++)
                Visit((int)(tick % SlotCount), now, expired);
            _current = Math.Max(_current, now);
            _awake = Deadline.Never;
            if (NextOccupied() is { } next)
                WakeBy(next);
        }
    }

    private void Visit(int slot, long now, List<Deadline> expired)
    {
        var deadline = _slots[slot];
        _slots[slot] = null;
        _occupied[slot / WordBits] &= ~(1UL << (slot % WordBits));
        while (deadline is not null)
        {
            var next = deadline.Next;
            deadline.Previous = deadline.Next = null;
            _linked--;
            Interlocked.Exchange(ref deadline.LinkedTick, Deadline.Never);
            var due = Volatile.Read(ref deadline.DueTick);
            while (due is not (Deadline.Never or Deadline.Expired) && due <= now)
            {
                var seen = Interlocked.CompareExchange(ref deadline.DueTick, Deadline.Expired, due);
                if (seen == due)
                    expired.Add(deadline);
                due = seen == due ? Deadline.Expired : seen;
            }
            if (due is not (Deadline.Never or Deadline.Expired))
                Relink(deadline, due, now);
            deadline = next;
        }
    }

    /// <summary>Links a deadline from a slot that is being visited, behind the time that has come.</summary>
    private void Relink(Deadline deadline, long due, long now)
    {
        _current = Math.Max(_current, now);
        Link(deadline, due);
    }

    private void Link(Deadline deadline, long due)
    {
        var tick = Math.Clamp(due, _current + 1, _current + SlotCount - 1);
        var slot = (int)(tick % SlotCount);
        deadline.Next = _slots[slot];
        if (deadline.Next is { } other)
            other.Previous = deadline;
        _slots[slot] = deadline;
        _occupied[slot / WordBits] |= 1UL << (slot % WordBits);
        _linked++;
        // The last write: from now on a caller may leave the deadline where it is.
        Interlocked.Exchange(ref deadline.LinkedTick, tick);
    }

    private void Unlink(Deadline deadline)
    {
        if (deadline.LinkedTick == Deadline.Never)
            return;
        var slot = (int)(deadline.LinkedTick % SlotCount);
        if (deadline.Previous is { } previous)
            previous.Next = deadline.Next;
        else
            _slots[slot] = deadline.Next;
        if (deadline.Next is { } next)
            next.Previous = deadline.Previous;
        deadline.Previous = deadline.Next = null;
        if (_slots[slot] is null)
            _occupied[slot / WordBits] &= ~(1UL << (slot % WordBits));
        _linked--;
        Interlocked.Exchange(ref deadline.LinkedTick, Deadline.Never);
    }

    private void WakeBy(long tick)
    {
        if (tick >= _awake)
            return;
        _awake = tick;
        wake(new TimeSpan(tick * Resolution.Ticks) - time.GetElapsedTime(_start));
    }

    /// <summary>The next tick in whose slot there is a deadline; null where there is none.</summary>
    private long? NextOccupied()
    {
        for (var tick = _current + 1; tick < _current + SlotCount;)
        {
            var slot = (int)(tick % SlotCount);
            var word = _occupied[slot / WordBits] >> (slot % WordBits);
            if (word != 0)
                return tick + BitOperations.TrailingZeroCount(word);
            tick += WordBits - (slot % WordBits);
        }
        return null;
    }

    private long NowTick() => time.GetElapsedTime(_start).Ticks / Resolution.Ticks;

    private long DueTickIn(TimeSpan after)
    {
        var now = time.GetElapsedTime(_start).Ticks;
        var wait = Math.Max(0, after.Ticks);
        // Rounded up, so that no deadline expires early; what is farther away than the clock counts is as far as that.
        return wait > Last - Resolution.Ticks - now ? Last / Resolution.Ticks : (now + wait + Resolution.Ticks - 1) / Resolution.Ticks;
    }
}
