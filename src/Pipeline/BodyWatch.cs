using System.Runtime.CompilerServices;

namespace Turnpike.Pipeline;

/// <summary>Something that is ended when the other side does not send or read what it should.</summary>
internal interface IStallable
{
    /// <summary>Ends the work. It may be called from any thread and more than once.</summary>
    void Stall();
}

/// <summary>The limit on the time that a client may keep a body waiting.</summary>
/// <param name="Idle">The longest wait for the client. Infinite means no limit.</param>
internal readonly record struct BodyIdlePolicy(TimeSpan Idle)
{
    /// <summary>The lowest rate of a request's body in bytes per second, measured over the time of <see cref="Idle"/>.</summary>
    private const int BytesPerSecond = 240;

    public bool IsLimited => Idle != Timeout.InfiniteTimeSpan;

    /// <summary>The number of bytes that must arrive in the time of <see cref="Idle"/>; zero when there is no limit.</summary>
    public long LeastBytes => IsLimited ? Math.Max(1, (long)(Idle.TotalSeconds * BytesPerSecond)) : 0;
}

/// <summary>
/// Counts the time in which one direction of an exchange waits for the client. When the time reaches the bound before enough bytes have
/// moved, the exchange is stalled; when they have moved, both counts begin again. So silence and a trickle both end the exchange, and time
/// that the endpoint takes is not held against the client.
/// </summary>
internal sealed class BodyWatch(IStallable exchange, IDeadlines deadlines, TimeProvider time) : Deadline
{
    private readonly Lock _lock = new();
    private TimeSpan _idle;
    private long _leastBytes;
    private TimeSpan _waited;
    private long _moved;
    private long _began;
    private long _progress;
    private bool _waiting;
    private bool _open;
    private BodyWatch? _other;

    /// <summary>Begins to count for another exchange.</summary>
    /// <param name="idle">The longest time that the exchange waits for the client.</param>
    /// <param name="leastBytes">The number of bytes that must move in that time.</param>
    public void Open(TimeSpan idle, long leastBytes)
    {
        lock (_lock)
        {
            _idle = idle;
            _leastBytes = leastBytes;
            _waited = TimeSpan.Zero;
            _moved = 0;
            _progress = 0;
            _waiting = false;
            _other = null;
            _open = true;
        }
    }

    /// <summary>
    /// Requires from now on only that something moves, here or in the other direction, because the two sides are in conversation.
    /// </summary>
    public void Converse(BodyWatch other)
    {
        lock (_lock)
        {
            _leastBytes = 1;
            _other = other;
        }
    }

    /// <summary>Begins a wait for the client.</summary>
    public void Begin()
    {
        lock (_lock)
        {
            if (!_open)
                return;
            _waiting = true;
            _began = time.GetTimestamp();
            deadlines.Schedule(this, _idle - _waited);
        }
    }

    /// <summary>Ends the wait. Does nothing when there is none.</summary>
    public void End()
    {
        lock (_lock)
        {
            if (!_waiting || !_open)
                return;
            _waiting = false;
            _waited += time.GetElapsedTime(_began);
            Cancel();
            // A wait that ended in time leaves at least a millisecond for the next one.
            if (_waited >= _idle)
                _waited = _idle - TimeSpan.FromMilliseconds(1);
        }
    }

    /// <summary>Counts bytes that have moved.</summary>
    public void Move(int bytes)
    {
        lock (_lock)
        {
            _moved += bytes;
            _progress = time.GetTimestamp();
            if (_moved < _leastBytes)
                return;
            _moved = 0;
            _waited = TimeSpan.Zero;
        }
    }

    /// <summary>Stops the count. A second call is harmless.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _open = false;
            _other = null;
            Cancel();
        }
    }

    protected internal override void OnExpired()
    {
        lock (_lock)
        {
            // The wait has ended while this call was on its way; perhaps the next one has begun.
            if (!_waiting || !_open || !IsCurrent)
                return;
            if (_other is not null && _idle - time.GetElapsedTime(Volatile.Read(ref _other._progress)) is { Ticks: > 0 } left)
            {
                deadlines.Schedule(this, left);
                return;
            }
        }
        exchange.Stall();
    }
}

/// <summary>The waits for the client of one exchange, in each direction. The object serves one exchange after the other.</summary>
internal sealed class ClientWaits : IDisposable
{
    private readonly IDeadlines _deadlines;
    private readonly BodyWatch _request;
    private readonly BodyWatch _response;
    private readonly WatchedWriter _writer;
    private BodyIdlePolicy _policy;
    private bool _watchesRequest;
    private bool _watchesResponse;
    private bool _isGrpc;

    public ClientWaits(IStallable exchange, IDeadlines deadlines, TimeProvider time)
    {
        _deadlines = deadlines;
        _request = new BodyWatch(exchange, deadlines, time);
        _response = new BodyWatch(exchange, deadlines, time);
        _writer = new WatchedWriter(this);
    }

    /// <summary>Whether a wait has ever been too long. Such an object must not serve another exchange.</summary>
    public bool HasExpired => _request.HasExpired || _response.HasExpired;

    /// <summary>Begins with another exchange.</summary>
    public void Begin(BodyIdlePolicy policy)
    {
        _policy = policy;
        _watchesRequest = _watchesResponse = _isGrpc = false;
    }

    /// <param name="isGrpc">True for gRPC, which sends a message when there is one, so that no rate can be required of it.</param>
    /// <returns>The watch of the request's body; null when there is no limit.</returns>
    public BodyWatch? ForRequest(bool isGrpc)
    {
        _isGrpc = isGrpc;
        if (!_policy.IsLimited)
            return null;
        _watchesRequest = true;
        _request.Open(_policy.Idle, isGrpc ? 1 : _policy.LeastBytes);
        return _request;
    }

    /// <summary>
    /// Returns the writer for the response. From now on the rest of the request's body is one side of a conversation. In gRPC, where
    /// streams are open for hours, the endpoint alone decides when the conversation ends.
    /// </summary>
    public BodyWriter ForResponse(BodyWriter writer)
    {
        if (!_policy.IsLimited)
            return writer;
        if (_watchesRequest && _isGrpc)
        {
            _request.Close();
        }
        else if (_watchesRequest)
        {
            Response().Move(0);
            _request.Converse(Response());
        }
        _writer.Begin(writer);
        return _writer;
    }

    /// <summary>Returns the watch of the response. It is opened when it is needed, since most clients keep up.</summary>
    public BodyWatch Response()
    {
        if (!_watchesResponse)
            _response.Open(_policy.Idle, 1);
        _watchesResponse = true;
        return _response;
    }

    /// <summary>Counts bytes of the response that the client took without a wait.</summary>
    public void Took(int bytes)
    {
        if (_watchesResponse)
            _response.Move(bytes);
    }

    /// <summary>Ends the watch over this exchange. Nothing may wait any more.</summary>
    public void End()
    {
        if (_watchesRequest)
            _request.Close();
        if (_watchesResponse)
            _response.Close();
        _writer.End();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        End();
        _deadlines.Remove(_request);
        _deadlines.Remove(_response);
    }
}

/// <summary>A writer that bounds the time for which the client leaves bytes unread.</summary>
internal sealed class WatchedWriter(ClientWaits waits) : BodyWriter
{
    private BodyWriter? _inner;

    private BodyWriter Inner => _inner ?? throw new ObjectDisposedException(nameof(WatchedWriter));

    public void Begin(BodyWriter inner) => _inner = inner;

    public void End() => _inner = null;

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var write = Inner.WriteAsync(bytes, cancellationToken);
        if (!write.IsCompletedSuccessfully)
            return WaitAsync(write, bytes.Length);
        waits.Took(bytes.Length);
        return default;
    }

    /// <inheritdoc/>
    public override ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        var flush = Inner.FlushAsync(cancellationToken);
        return flush.IsCompletedSuccessfully ? default : WaitAsync(flush, 0);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WaitAsync(ValueTask pending, int bytes)
    {
        var watch = waits.Response();
        watch.Begin();
        try
        {
            await pending;
        }
        finally
        {
            watch.End();
        }
        watch.Move(bytes);
    }
}
