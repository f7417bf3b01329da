namespace Turnpike.Pipeline;

/// <summary>
/// Ends the work for a request when its client goes away or stalls, or when the timeout is over, and ends one attempt when the per-try
/// timeout is over. No time counts before the whole request has arrived. The object serves one request after the other.
/// </summary>
internal sealed class RequestDeadlines : IStallable, IDisposable
{
    private readonly Lock _lock = new();
    private readonly IDeadlines _deadlines;
    private readonly CancellationTokenSource _end = new();
    private readonly Expiry _endExpiry;
    private readonly Expiry _tryExpiry;
    private CancellationTokenSource _try = new();
    private TimeSpan _total;
    private TimeSpan _perTry;
    private CancellationToken _clientGone;
    private CancellationTokenRegistration _clientRegistration;
    private CancellationTokenRegistration _endRegistration;
    private int _started;
    private bool _tryIsOpen;
    private volatile bool _stalled;

    public RequestDeadlines(IDeadlines deadlines)
    {
        _deadlines = deadlines;
        _endExpiry = new Expiry(this, ofTry: false);
        _tryExpiry = new Expiry(this, ofTry: true);
    }

    /// <summary>A token that is cancelled when the work for the whole request must end.</summary>
    public CancellationToken Token => _end.Token;

    public bool ClientGone => _clientGone.IsCancellationRequested;

    /// <summary>Whether the client is still there, but does not send its body or does not read the response.</summary>
    public bool ClientStalled => _stalled;

    public bool TimedOut => _end.IsCancellationRequested && !ClientGone && !_stalled;

    /// <summary>Whether the time of this attempt is over, and that of the request is not.</summary>
    public bool TryTimedOut => _try.IsCancellationRequested && !_end.IsCancellationRequested;

    /// <param name="total">The time for everything. Zero means no limit.</param>
    /// <param name="perTry">The time until the head of one attempt's response. Zero means no limit.</param>
    /// <param name="clientGone">Ends the request when it is cancelled.</param>
    public void Begin(TimeSpan total, TimeSpan perTry, CancellationToken clientGone)
    {
        _total = total;
        _perTry = perTry;
        _clientGone = clientGone;
        _clientRegistration = clientGone.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _end);
        if (perTry > TimeSpan.Zero)
            _endRegistration = _end.Token.UnsafeRegister(static deadlines => Cancel(Volatile.Read(ref ((RequestDeadlines)deadlines!)._try)), this);
    }

    /// <inheritdoc/>
    public void Stall()
    {
        _stalled = true;
        Cancel(_end);
    }

    /// <summary>Starts the time, because the whole request has arrived. Later calls change nothing.</summary>
    public void Start()
    {
        if (Interlocked.Exchange(ref _started, 1) != 0)
            return;
        if (_total > TimeSpan.Zero)
            _deadlines.Schedule(_endExpiry, _total);
        if (_perTry == TimeSpan.Zero)
            return;
        lock (_lock)
        {
            if (_tryIsOpen)
                _deadlines.Schedule(_tryExpiry, _perTry);
        }
    }

    /// <summary>Returns the token for one attempt.</summary>
    public CancellationToken BeginTry()
    {
        if (_perTry == TimeSpan.Zero)
            return Token;
        lock (_lock)
        {
            _tryExpiry.Cancel();
            // The expiry of the attempt before may still be about to cancel this source.
            if (_try.IsCancellationRequested || _tryExpiry.HasExpired)
                Interlocked.Exchange(ref _try, new CancellationTokenSource()).Dispose();
            _tryIsOpen = true;
            if (Volatile.Read(ref _started) != 0)
                _deadlines.Schedule(_tryExpiry, _perTry);
        }
        if (_end.IsCancellationRequested)
            Cancel(_try);
        return _try.Token;
    }

    /// <summary>Ends the time of the attempt, because the head of the response has arrived. From here on only the total counts.</summary>
    public void EndTry()
    {
        if (_perTry == TimeSpan.Zero)
            return;
        lock (_lock)
        {
            _tryIsOpen = false;
            _tryExpiry.Cancel();
        }
    }

    /// <summary>Ends the work for this request. Nothing may use one of its tokens any more.</summary>
    /// <returns>False when the object cannot serve another request, so the caller must dispose of it.</returns>
    public bool TryReset()
    {
        // This waits for the callback of a client that goes away at this moment.
        _clientRegistration.Dispose();
        _endRegistration.Dispose();
        _endExpiry.Cancel();
        _tryExpiry.Cancel();
        _clientGone = CancellationToken.None;
        _started = 0;
        _tryIsOpen = false;
        return !_stalled && !_endExpiry.HasExpired && !_tryExpiry.HasExpired && _end.TryReset() && _try.TryReset();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _clientRegistration.Dispose();
        _endRegistration.Dispose();
        _deadlines.Remove(_endExpiry);
        _deadlines.Remove(_tryExpiry);
        _end.Dispose();
        _try.Dispose();
    }

    private static void Cancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The work that the source belongs to has ended already.
        }
    }

    private sealed class Expiry(RequestDeadlines request, bool ofTry) : Deadline
    {
        protected internal override void OnExpired()
        {
            if (!ofTry)
            {
                RequestDeadlines.Cancel(request._end);
                return;
            }
            CancellationTokenSource source;
            lock (request._lock)
            {
                if (!IsCurrent)
                    return;
                source = request._try;
            }
            RequestDeadlines.Cancel(source);
        }
    }
}
