using System.Buffers;
using System.IO.Pipelines;

namespace Turnpike.IngressProxy.Front;

/// <summary>
/// The input of an HTTP/2 connection. It ends when the client begins the preface, a frame or a block of headers and does not finish it in
/// time. The server's own time limits begin only with a whole frame.
/// </summary>
internal sealed class FrameReader : PipeReader, IAsyncDisposable
{
    private const int DataFactor = 2;

    private readonly PipeReader _inner;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;
    private readonly Action _end;
    private readonly FrameTracker _tracker = new();
    private readonly Lock _lock = new();
    private ReadOnlySequence<byte> _buffer;
    private long _noted;
    private long _began;
    private int _item;
    private ITimer? _timer;
    private bool _waiting;
    private bool _disposed;

    /// <param name="inner">The input below.</param>
    /// <param name="limit">The time from a beginning to its end. Between two pieces of content twice that may pass.</param>
    /// <param name="time">The clock.</param>
    /// <param name="end">Is called when the time is over.</param>
    public FrameReader(PipeReader inner, TimeSpan limit, TimeProvider time, Action end)
    {
        _inner = inner;
        _limit = limit;
        _time = time;
        _end = end;
        _began = time.GetTimestamp();
    }

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var read = _inner.ReadAsync(cancellationToken);
        if (!read.IsCompletedSuccessfully)
            return WaitAsync(read);
        var result = read.Result;
        Note(result.Buffer);
        return new(result);
    }

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        if (!_inner.TryRead(out result))
            return false;
        Note(result.Buffer);
        return true;
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _noted -= _buffer.Slice(_buffer.Start, consumed).Length;
        _buffer = default;
        _inner.AdvanceTo(consumed, examined);
    }

    /// <inheritdoc/>
    public override void CancelPendingRead() => _inner.CancelPendingRead();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => _inner.Complete(exception);

    /// <inheritdoc/>
    public override ValueTask CompleteAsync(Exception? exception = null) => _inner.CompleteAsync(exception);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _disposed = true;
            _timer?.Dispose();
        }
        return default;
    }

    private async ValueTask<ReadResult> WaitAsync(ValueTask<ReadResult> read)
    {
        Arm();
        ReadResult result;
        try
        {
            result = await read;
        }
        finally
        {
            Disarm();
        }
        Note(result.Buffer);
        return result;
    }

    private void Note(ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length > _noted)
        {
            foreach (var part in buffer.Slice(_noted))
                _tracker.Take(part.Span);
            if (_tracker.Items != _item || _tracker.IsInContent)
            {
                _item = _tracker.Items;
                _began = _time.GetTimestamp();
            }
        }
        _noted = buffer.Length;
        _buffer = buffer;
    }

    private void Arm()
    {
        if (!_tracker.IsInside)
            return;
        lock (_lock)
        {
            if (_disposed)
                return;
            _waiting = true;
            _timer ??= _time.CreateTimer(
                static reader => ((FrameReader)reader!).Expire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            var left = (_tracker.IsInContent ? _limit * DataFactor : _limit) - _time.GetElapsedTime(_began);
            _timer.Change(left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    private void Disarm()
    {
        lock (_lock)
        {
            if (!_waiting || _disposed)
                return;
            _waiting = false;
            _timer!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    private void Expire()
    {
        lock (_lock)
        {
            if (!_waiting || _disposed)
                return;
        }
        _end();
    }
}

/// <summary>Follows the frames in the bytes of an HTTP/2 client. It knows where each one ends, and nothing else about it.</summary>
internal sealed class FrameTracker
{
    private const int FrameHead = 9;
    private const int TypeAt = 3;
    private const int FlagsAt = 4;
    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte Continuation = 9;
    private const byte EndHeaders = 4;

    private readonly byte[] _head = new byte[FrameHead];
    private int _prefaceLeft = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".Length;
    private int _headLength;
    private int _payloadLeft;
    private bool _isInBlock;

    /// <summary>The number of items that were begun: the preface, frames, and blocks of headers with all of their frames.</summary>
    public int Items { get; private set; }

    /// <summary>True when an item was begun and is not finished.</summary>
    public bool IsInside => _prefaceLeft > 0 || _headLength > 0 || _payloadLeft > 0 || _isInBlock;

    /// <summary>True when the item that is not finished is content.</summary>
    public bool IsInContent => _payloadLeft > 0 && _head[TypeAt] == Data;

    public void Take(ReadOnlySpan<byte> bytes)
    {
        var preface = Math.Min(_prefaceLeft, bytes.Length);
        _prefaceLeft -= preface;
        bytes = bytes[preface..];
        while (!bytes.IsEmpty)
        {
            if (_payloadLeft > 0)
            {
                var part = Math.Min(_payloadLeft, bytes.Length);
                _payloadLeft -= part;
                bytes = bytes[part..];
                continue;
            }
            if (_headLength == 0 && !_isInBlock)
                Items++;
            var more = Math.Min(FrameHead - _headLength, bytes.Length);
            bytes[..more].CopyTo(_head.AsSpan(_headLength));
            _headLength += more;
            bytes = bytes[more..];
            if (_headLength == FrameHead)
                Begin();
        }
    }

    private void Begin()
    {
        _headLength = 0;
        _payloadLeft = (_head[0] << 16) | (_head[1] << 8) | _head[2];
        if (_head[TypeAt] is Headers or Continuation)
            _isInBlock = (_head[FlagsAt] & EndHeaders) == 0;
    }
}
