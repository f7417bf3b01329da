namespace Turnpike.Pipeline;

/// <summary>
/// Ends the work for a request: when its client goes away or stalls, when its time is over, and, try by try, when the time of one try is.
/// Time runs from the moment when the whole request has come.
/// </summary>
internal sealed class RequestDeadlines : IStallable, IDisposable
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly TimeSpan _total;
    private readonly TimeSpan _perTry;
    private readonly CancellationToken _clientGone;
    private readonly CancellationTokenRegistration _registration;
    private readonly CancellationTokenSource _end;
    private CancellationTokenSource? _try;
    private bool _running;
    private volatile bool _stalled;
    private bool _disposed;

    /// <param name="time">What time it is.</param>
    /// <param name="total">For everything; zero is no limit.</param>
    /// <param name="perTry">For the head of one try's answer; zero is no limit.</param>
    /// <param name="clientGone">Ends it too.</param>
    public RequestDeadlines(TimeProvider time, TimeSpan total, TimeSpan perTry, CancellationToken clientGone)
    {
        _time = time;
        _total = total;
        _perTry = perTry;
        _clientGone = clientGone;
        _end = NewSource();
        _registration = clientGone.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _end);
    }

    /// <summary>Cancelled at the end of the whole request.</summary>
    public CancellationToken Token => _end.Token;

    public bool ClientGone => _clientGone.IsCancellationRequested;

    /// <summary>The client is there, but its body does not come, or what it asked for is not taken.</summary>
    public bool ClientStalled => _stalled;

    public bool TimedOut => _end.IsCancellationRequested && !ClientGone && !_stalled;

    /// <summary>The time of this try is over, that of the request is not.</summary>
    public bool TryTimedOut => _try is { IsCancellationRequested: true } && !_end.IsCancellationRequested;

    /// <inheritdoc/>
    public void Stall()
    {
        if (_disposed)
            return;
        _stalled = true;
        Cancel(_end);
    }

    /// <summary>All of the request has come. Later calls change nothing.</summary>
    public void Start()
    {
        lock (_lock)
        {
            if (_running || _disposed)
                return;
            _running = true;
            if (_total > TimeSpan.Zero)
                _end.CancelAfter(_total);
            StartTry();
        }
    }

    /// <summary>The token for one try.</summary>
    public CancellationToken BeginTry()
    {
        if (_perTry == TimeSpan.Zero)
            return Token;
        lock (_lock)
        {
            _try?.Dispose();
            _try = NewSource();
            // Unregistered by its own disposal: the end outlives no try.
            _end.Token.UnsafeRegister(static source => Cancel((CancellationTokenSource)source!), _try);
            if (_running)
                StartTry();
            return _try.Token;
        }
    }

    /// <summary>The head of the answer is there: from here on only the total counts.</summary>
    public void EndTry()
    {
        lock (_lock)
            _try?.CancelAfter(Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _registration.Dispose();
        lock (_lock)
        {
            _disposed = true;
            _end.Dispose();
            _try?.Dispose();
        }
    }

    private void StartTry()
    {
        if (_perTry > TimeSpan.Zero)
            _try?.CancelAfter(_perTry);
    }

    private CancellationTokenSource NewSource() =>
        ReferenceEquals(_time, TimeProvider.System) ? new CancellationTokenSource() : new CancellationTokenSource(Timeout.InfiniteTimeSpan, _time);

    private static void Cancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // What it would end has ended.
        }
    }
}
