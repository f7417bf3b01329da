namespace Turnpike.Pipeline;

/// <summary>What ends when a client neither sends nor takes what it should.</summary>
internal interface IStallable
{
    /// <summary>From any thread, and more than once.</summary>
    void Stall();
}

/// <summary>How patient the proxy is with a client whose body is on its way.</summary>
/// <param name="Idle">How long a client may be waited for; infinite is no limit.</param>
internal readonly record struct BodyIdlePolicy(TimeSpan Idle)
{
    /// <summary>The slowest that a body may come, over the time of <see cref="Idle"/>.</summary>
    private const int BytesPerSecond = 240;

    public bool IsLimited => Idle != Timeout.InfiniteTimeSpan;

    /// <summary>So many bytes have to come in the time of <see cref="Idle"/>.</summary>
    public long LeastBytes => IsLimited ? Math.Max(1, (long)(Idle.TotalSeconds * BytesPerSecond)) : 0;
}

/// <summary>
/// Counts the time in which one direction of an exchange waits for the client. When it comes to <paramref name="idle"/> before
/// <paramref name="leastBytes"/> have moved, the exchange is stalled; when they have moved, both counts begin again. So silence
/// and a trickle end alike, and time that somebody else takes is not held against the client.
/// </summary>
internal sealed class BodyWatch(IStallable exchange, TimeSpan idle, long leastBytes, TimeProvider time) : IDisposable
{
    private readonly Lock _lock = new();
    private ITimer? _timer;
    private TimeSpan _waited;
    private long _moved;
    private long _began;
    private long _progress;
    private bool _waiting;
    private bool _disposed;
    private BodyWatch? _other;

    /// <summary>From now on it is enough that something moves, here or in the other direction: the two sides are in conversation.</summary>
    public void Converse(BodyWatch other)
    {
        lock (_lock)
        {
            leastBytes = 1;
            _other = other;
        }
    }

    /// <summary>A wait for the client begins.</summary>
    public void Begin()
    {
        lock (_lock)
        {
            if (_disposed)
                return;
            _waiting = true;
            _began = time.GetTimestamp();
            _timer ??= time.CreateTimer(static watch => ((BodyWatch)watch!).Expire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(idle - _waited, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>The wait is over.</summary>
    public void End()
    {
        lock (_lock)
        {
            if (!_waiting || _disposed)
                return;
            _waiting = false;
            _waited += time.GetElapsedTime(_began);
            _timer!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            // A wait that ended in time never leaves less than a moment for the next one.
            if (_waited >= idle)
                _waited = idle - TimeSpan.FromMilliseconds(1);
        }
    }

    /// <summary>So many bytes have come or gone.</summary>
    public void Move(int bytes)
    {
        lock (_lock)
        {
            _moved += bytes;
            _progress = time.GetTimestamp();
            if (_moved < leastBytes)
                return;
            _moved = 0;
            _waited = TimeSpan.Zero;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _timer?.Dispose();
        }
    }

    private void Expire()
    {
        lock (_lock)
        {
            if (!_waiting || _disposed)
                return;
            if (_other is not null && idle - time.GetElapsedTime(Volatile.Read(ref _other._progress)) is { Ticks: > 0 } left)
            {
                _timer!.Change(left, Timeout.InfiniteTimeSpan);
                return;
            }
        }
        exchange.Stall();
    }
}

/// <summary>The waits for the client of one exchange, in each direction.</summary>
internal sealed class ClientWaits(IStallable exchange, BodyIdlePolicy patience, TimeProvider time) : IDisposable
{
    private BodyWatch? _request;
    private BodyWatch? _response;
    private bool _isGrpc;

    /// <param name="isGrpc">Messages come when there are any: no pace is asked of them.</param>
    /// <returns>Null where a client may take its time.</returns>
    public BodyWatch? ForRequest(bool isGrpc)
    {
        _isGrpc = isGrpc;
        return _request = patience.IsLimited ? new BodyWatch(exchange, patience.Idle, isGrpc ? 1 : patience.LeastBytes, time) : null;
    }

    /// <summary>
    /// The endpoint answers: what still comes of the request's body is one side of a conversation. In gRPC, where streams are open
    /// for hours for whatever may come, it ends when the endpoint ends it.
    /// </summary>
    public BodyWriter ForResponse(BodyWriter writer)
    {
        if (!patience.IsLimited)
            return writer;
        if (_request is not null && _isGrpc)
        {
            _request.Dispose();
        }
        else if (_request is not null)
        {
            Response().Move(0);
            _request.Converse(Response());
        }
        return new WatchedWriter(writer, this);
    }

    /// <summary>Of the response; made when it is needed, for most clients keep up.</summary>
    public BodyWatch Response() => _response ??= new BodyWatch(exchange, patience.Idle, 1, time);

    /// <summary>Bytes of the response that the client took at once.</summary>
    public void Took(int bytes) => _response?.Move(bytes);

    /// <inheritdoc/>
    public void Dispose()
    {
        _request?.Dispose();
        _response?.Dispose();
    }
}

/// <summary>A body on its way to a client that has to take it.</summary>
internal sealed class WatchedWriter(BodyWriter inner, ClientWaits waits) : BodyWriter
{
    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var write = inner.WriteAsync(bytes, cancellationToken);
        if (!write.IsCompletedSuccessfully)
            return WaitAsync(write, bytes.Length);
        waits.Took(bytes.Length);
        return default;
    }

    /// <inheritdoc/>
    public override ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        var flush = inner.FlushAsync(cancellationToken);
        return flush.IsCompletedSuccessfully ? default : WaitAsync(flush, 0);
    }

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
