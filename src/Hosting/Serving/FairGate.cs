namespace Turnpike.Hosting.Serving;

/// <summary>Admits a number of callers at one time and serves peers in turn, so that a busy peer does not delay the others.</summary>
/// <param name="slots">The most callers inside at one time.</param>
/// <param name="slotsPerPeer">The most callers of one peer inside at one time.</param>
/// <param name="waiting">The most callers that wait.</param>
/// <param name="waitingPerPeer">The most callers of one peer that wait.</param>
public sealed class FairGate<TPeer>(int slots, int slotsPerPeer, int waiting, int waitingPerPeer)
    where TPeer : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TPeer, Line> _lines = [];

    /// <summary>The peers with waiting callers, in the order of their turns.</summary>
    private readonly LinkedList<Line> _turns = new();
    private int _inside;
    private int _waiting;

    /// <summary>Waits for a slot and holds it until the result is disposed of. Returns null at once when too many callers wait.</summary>
    public async ValueTask<IDisposable?> EnterAsync(TPeer peer, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        Line? line;
        Waiter waiter;
        lock (_lock)
        {
            if (!_lines.TryGetValue(peer, out line))
                line = new Line(peer);
            if (_inside < slots && line.Inside < slotsPerPeer)
            {
                _lines.TryAdd(peer, line);
                return Admit(line);
            }
            if (_waiting >= waiting || line.Waiters.Count >= waitingPerPeer)
                return null;
            _lines.TryAdd(peer, line);
            waiter = new Waiter();
            if (line.Waiters.Count == 0)
                line.Turn = _turns.AddLast(line);
            waiter.Node = line.Waiters.AddLast(waiter);
            _waiting++;
        }
        await using var registration = ct.UnsafeRegister(_ => Leave(line, waiter, ct), null);
        return await waiter.Entered.Task;
    }

    private Slot Admit(Line line)
    {
        _inside++;
        line.Inside++;
        return new Slot(this, line);
    }

    private void Leave(Line line, Waiter waiter, CancellationToken ct)
    {
        lock (_lock)
        {
            if (waiter.Node is null)
                return;
            Unqueue(line, waiter);
            Forget(line);
        }
        waiter.Entered.TrySetCanceled(ct);
    }

    private void Unqueue(Line line, Waiter waiter)
    {
        line.Waiters.Remove(waiter.Node!);
        waiter.Node = null;
        _waiting--;
        if (line.Waiters.Count > 0 || line.Turn is null)
            return;
        _turns.Remove(line.Turn);
        line.Turn = null;
    }

    private void Forget(Line line)
    {
        if (line.Inside == 0 && line.Waiters.Count == 0)
            _lines.Remove(line.Peer);
    }

    private void Release(Line line)
    {
        (Waiter Waiter, Slot Slot)? next = null;
        lock (_lock)
        {
            _inside--;
            line.Inside--;
            for (var turn = _turns.First; turn is not null && next is null; turn = turn.Next)
            {
                if (turn.Value.Inside < slotsPerPeer)
                    next = Next(turn.Value);
            }
            Forget(line);
        }
        if (next is var (waiter, slot))
            waiter.Entered.SetResult(slot);
    }

    private (Waiter Waiter, Slot Slot) Next(Line line)
    {
        var waiter = line.Waiters.First!.Value;
        Unqueue(line, waiter);
        if (line.Turn is { } turn)
        {
            _turns.Remove(turn);
            _turns.AddLast(turn);
        }
        return (waiter, Admit(line));
    }

    private sealed class Line(TPeer peer)
    {
        public TPeer Peer => peer;

        public int Inside { get; set; }

        public LinkedList<Waiter> Waiters { get; } = new();

        public LinkedListNode<Line>? Turn { get; set; }
    }

    private sealed class Waiter
    {
        public TaskCompletionSource<IDisposable?> Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public LinkedListNode<Waiter>? Node { get; set; }
    }

    private sealed class Slot(FairGate<TPeer> queue, Line line) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
                queue.Release(line);
        }
    }
}
