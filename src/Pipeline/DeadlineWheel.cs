using System.Numerics;

namespace Turnpike.Pipeline;

/// <summary>
/// A timer wheel. Each slot covers <see cref="Resolution"/> and has a list of deadlines, which the wheel looks at when the slot comes
/// round. A deadline farther away than the wheel reaches waits in the last slot and is linked again from there.
/// </summary>
/// <remarks>
/// <para>
/// Nearly all deadlines are cancelled long before they are due, and the next request then schedules the same object for a later time. So
/// scheduling and cancelling are one atomic exchange each: the object stays linked where it is, and the wheel looks at what has become of
/// it when that slot comes round. Only a deadline that is not linked, or linked for a later time, takes the lock.
/// </para>
/// <para>
/// An object is due no earlier than the slot in which it is linked. The wheel clears the mark <see cref="Deadline.LinkedTick"/> before it
/// reads the due tick, and the caller writes the due tick before it reads the mark, both with a full fence: at least one of them sees
/// what the other has written.
/// </para>
/// </remarks>
/// <param name="time">The clock.</param>
/// <param name="wake">
/// Called with the time until <see cref="Advance"/> has to be called next, whenever that becomes earlier. It runs under the lock of the
/// wheel, so it must neither wait nor call back.
/// </param>
internal sealed class DeadlineWheel(TimeProvider time, Action<TimeSpan> wake) : IDeadlines
{
    /// <summary>The longest time by which a deadline may expire late.</summary>
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

    /// <summary>Adds the deadlines whose time has come to a list. The caller runs their actions, outside of any lock.</summary>
    public void Advance(List<Deadline> expired)
    {
        lock (_lock)
        {
            var now = NowTick();
            // When the wheel was not advanced for a whole turn or more, each slot is visited once.
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

    /// <summary>Links a deadline of the slot that is being visited anew, at a tick that is still to come.</summary>
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
        // This write comes last, because from here on a caller may leave the deadline where it is linked.
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

    /// <summary>Returns the next tick in whose slot there is a deadline; null when there is none.</summary>
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
        // The tick is rounded up, so that no deadline expires early. A deadline beyond the range of the clock gets its last tick.
        return wait > Last - Resolution.Ticks - now ? Last / Resolution.Ticks : (now + wait + Resolution.Ticks - 1) / Resolution.Ticks;
    }
}
