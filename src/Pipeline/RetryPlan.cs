using System.Text;
using Turnpike.Http;
using Turnpike.Pipeline.Metrics;
using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>
/// Decides whether and when a request is tried again (istio-2017.md §3.7, but safe: a request that may have had an effect is not repeated).
/// </summary>
/// <param name="services">The services that all attempts share.</param>
internal sealed class RetryPlan(AttemptServices services)
{
    private static readonly TimeSpan BackOffUnit = TimeSpan.FromMilliseconds(25);

    private readonly HeaderList _headers = new();
    private Route _route = null!;
    private ClusterState _cluster = null!;
    private RequestHead _request = null!;
    private BufferingBody? _body;
    private int _left;
    private int _made;
    private bool _elsewhereTried;
    private bool _counted;
    private TimeSpan _backOff;

    /// <summary>Begins to plan for another request.</summary>
    public void Begin(Route route, ClusterState cluster, RequestHead request, BufferingBody? body)
    {
        _route = route;
        _cluster = cluster;
        _request = request;
        _body = body;
        _left = route.Retry?.Attempts ?? 0;
        _made = 0;
        _elsewhereTried = false;
        _backOff = TimeSpan.Zero;
    }

    /// <summary>Returns true when there is to be another attempt. The caller then calls <see cref="BackOffAsync"/>.</summary>
    public bool TriesAgain(Attempt attempt)
    {
        if (_body is { CanRewind: false })
            return false;
        // A connection that failed has had no effect, and another endpoint is as good. One such try needs no retry policy.
        if (attempt.Failure is AttemptFailure.Connect or AttemptFailure.Handshake && !_elsewhereTried && _cluster.EndpointCount > 1)
        {
            _elsewhereTried = true;
            _backOff = TimeSpan.Zero;
            return true;
        }
        if (_left == 0 || !IsWorthIt(attempt))
            return false;
        if (!_counted && !(_counted = _cluster.Circuits.TryBeginRetry()))
        {
            services.Metrics.Overflowed(CircuitLimit.Retries);
            return false;
        }
        _left--;
        _made++;
        _backOff = BackOff();
        return true;
    }

    /// <summary>Waits until it is time for the next attempt, and counts it as a retry.</summary>
    public Task BackOffAsync(CancellationToken cancellationToken)
    {
        services.Metrics.Retried();
        _body?.Rewind();
        return _backOff == TimeSpan.Zero ? Task.CompletedTask : services.Deadlines.DelayAsync(_backOff, cancellationToken);
    }

    /// <summary>Says that there are no more attempts, which makes room for other retries. A second call is harmless.</summary>
    public void EndRetries()
    {
        if (_counted)
            _cluster.Circuits.EndRetry();
        _counted = false;
    }

    /// <summary>Forgets the request.</summary>
    public void End()
    {
        EndRetries();
        _route = null!;
        _cluster = null!;
        _request = null!;
        _body = null;
        _headers.Clear();
    }

    private bool IsWorthIt(Attempt attempt) => attempt.Failure switch
    {
        AttemptFailure.Connect or AttemptFailure.Handshake or AttemptFailure.Refused => true,
        AttemptFailure.Reset or AttemptFailure.Malformed or AttemptFailure.Timeout => MayRepeat(),
        AttemptFailure.Overflow or AttemptFailure.InvalidRequest => false,
        _ => attempt.Response is { Status: >= 500 } response && MayRepeat() && !IsOverloaded(response),
    };

    /// <summary>
    /// Returns a random wait of at most 25 ms after the first failure, 75 ms after the second, and 175 ms after the third.
    /// </summary>
    private TimeSpan BackOff() => BackOffUnit * (((1L << Math.Min(_made, 20)) - 1) * services.Random.NextDouble());

    private bool IsOverloaded(UpstreamResponse response)
    {
        _headers.Clear();
        response.CopyHeadersTo(_headers);
        return _headers.Contains(KnownHeader.XEnvoyOverloaded);
    }

    /// <summary>
    /// Returns true when the request may be sent twice: its method is idempotent, or the route is for exactly this method, so that the
    /// author of the rule has chosen to retry it.
    /// </summary>
    private bool MayRepeat()
    {
        if (Methods.IsIdempotent(_request.Method))
            return true;
        foreach (var condition in _route.Conditions)
        {
            if (condition is { Target: ConditionTarget.Method, Kind: ConditionKind.Exact }
                && Ascii.Equals(_request.Method, condition.Value))
            {
                return true;
            }
        }
        return false;
    }
}
