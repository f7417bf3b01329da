using System.Runtime.CompilerServices;

namespace Turnpike.Pipeline;

/// <summary>
/// The body of a request on its way upstream. It reports when the whole body has arrived, holds the client to a minimum rate, and buffers a
/// copy for as long as a retry or a mirror may need it and there is room.
/// </summary>
/// <param name="budget">The memory that the copies of all bodies share.</param>
/// <param name="deadlines">Started when the whole body has arrived.</param>
internal sealed class BufferingBody(BodyBudget budget, RequestDeadlines deadlines) : BodyReader
{
    private BodyReader? _inner;
    private BodyWatch? _watch;
    private Mirror.MirrorCopy? _mirror;
    private BufferedBody? _kept;
    private ConcurrencyLimiter? _bodylessIn;
    private int _position;
    private bool _started;
    private bool _ended;

    /// <summary>Whether the body can be read from its beginning again.</summary>
    public bool CanRewind => !_started || _kept is not null;

    /// <summary>Begins with the body of another request.</summary>
    /// <param name="inner">The client's body.</param>
    /// <param name="kept">The copy, which grows as the body is read; null when none is needed.</param>
    /// <param name="watch">Ends the exchange when the client does not send; null when there is no limit.</param>
    /// <param name="mirror">Gets the copy when the whole body has arrived and could be kept.</param>
    public void Begin(BodyReader inner, BufferedBody? kept, BodyWatch? watch, Mirror.MirrorCopy? mirror)
    {
        _inner = inner;
        _kept = kept;
        _watch = watch;
        _mirror = mirror;
        _position = 0;
        _started = _ended = false;
    }

    public void Rewind() => _position = 0;

    /// <summary>Waits until there is a first byte, or the end of an empty body.</summary>
    public async ValueTask ArriveAsync(CancellationToken cancellationToken)
    {
        if (!_started)
            await WaitAsync(Memory<byte>.Empty, cancellationToken);
    }

    /// <summary>Counts the request in the limiter as one that has a slot although none of its body has arrived.</summary>
    public void CountAsBodyless(ConcurrencyLimiter limiter)
    {
        EndBodyless();
        _bodylessIn = limiter;
    }

    /// <summary>Ends the count of <see cref="CountAsBodyless"/>. Does nothing when there is none.</summary>
    public void EndBodyless() => Interlocked.Exchange(ref _bodylessIn, null)?.BodyArrived();

    /// <inheritdoc/>
    public override bool TryRewind()
    {
        if (!CanRewind)
            return false;
        Rewind();
        return true;
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_kept is not null && _position < _kept.Length)
        {
            var again = _kept.Read(_position, buffer.Span);
            _position += again;
            return again;
        }
        if (_ended)
            return 0;
        var count = await WaitAsync(buffer, cancellationToken);
        if (buffer.IsEmpty)
            return 0;
        _started = true;
        if (count == 0)
        {
            _ended = true;
            deadlines.Start();
            if (_kept is not null)
                _mirror?.Send(_kept);
        }
        else
        {
            Keep(buffer.Span[..count]);
        }
        return count;
    }

    /// <summary>Releases the copy and forgets the body. Nothing may be reading it any more.</summary>
    public void End()
    {
        EndBodyless();
        Forget();
        _inner = null;
        _watch = null;
        _mirror = null;
    }

    private ValueTask<int> WaitAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = (_inner ?? throw new ObjectDisposedException(nameof(BufferingBody))).ReadAsync(buffer, cancellationToken);
        if (!read.IsCompletedSuccessfully)
            return WaitAsync(read);
        var count = read.Result;
        Arrived(count);
        return new(count);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> WaitAsync(ValueTask<int> read)
    {
        _watch?.Begin();
        int count;
        try
        {
            count = await read;
        }
        finally
        {
            _watch?.End();
        }
        Arrived(count);
        return count;
    }

    private void Arrived(int count)
    {
        EndBodyless();
        _watch?.Move(count);
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (_kept is null)
            return;
        if (_kept.TryAppend(bytes))
        {
            _position += bytes.Length;
            return;
        }
        budget.Refused();
        Forget();
        _position = 0;
    }

    private void Forget()
    {
        _kept?.Release();
        _kept = null;
    }
}

/// <summary>A body in memory.</summary>
internal sealed class MemoryBody(ReadOnlyMemory<byte> bytes) : BodyReader
{
    private readonly ReadOnlyMemory<byte> _whole = bytes;
    private ReadOnlyMemory<byte> _rest = bytes;

    /// <inheritdoc/>
    public override bool TryRewind()
    {
        _rest = _whole;
        return true;
    }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var count = Math.Min(buffer.Length, _rest.Length);
        _rest[..count].CopyTo(buffer);
        _rest = _rest[count..];
        return new ValueTask<int>(count);
    }
}
