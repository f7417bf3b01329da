using Turnpike.Http;
using Turnpike.Pipeline.Metrics;
using Turnpike.Routing;

namespace Turnpike.Pipeline;

internal enum TryFailure
{
    None,
    Connect,

    /// <summary>Of TLS with an endpoint that took the connection.</summary>
    Handshake,
    Refused,
    Reset,

    /// <summary>What came breaks a rule of HTTP.</summary>
    Malformed,

    /// <summary>The request breaks a rule of HTTP and was not sent.</summary>
    InvalidRequest,

    /// <summary>The time of this try was over; that of the request is not.</summary>
    Timeout,

    /// <summary>The limits of the cluster left no room for it.</summary>
    Overflow,
}

/// <summary>How one try ended: with an answer, good or bad, or with none.</summary>
/// <param name="Endpoint">Null where none was chosen.</param>
/// <param name="Gate">To be left; null where it was not entered.</param>
internal readonly record struct TryOutcome(UpstreamEndpoint? Endpoint, CircuitGate? Gate, UpstreamResponse? Response, TryFailure Failure)
{
    public async ValueTask ReleaseAsync()
    {
        Endpoint?.End();
        if (Response is not null)
            await Response.DisposeAsync();
        Gate?.Leave();
    }
}

/// <summary>Whether and when to try again (behaviour reference §3.7, made safe: what may have had an effect is not repeated).</summary>
internal sealed class RetryPlan(Route route, ClusterState cluster, string method, RequestTap? body, ProxyMetrics metrics, Random random, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan BackOffUnit = TimeSpan.FromMilliseconds(25);

    private int _left = route.Retry?.Attempts ?? 0;
    private int _made;
    private bool _elsewhereTried;
    private bool _counted;
    private TimeSpan _backOff;

    /// <summary>Decides; where the answer is yes, <see cref="BackOffAsync"/> comes next.</summary>
    public bool TriesAgain(TryOutcome outcome)
    {
        if (body is { CanRewind: false })
            return false;
        // A refused connection costs nothing and another endpoint is as good: no policy needed for that.
        if (outcome.Failure is TryFailure.Connect or TryFailure.Handshake && !_elsewhereTried && cluster.EndpointCount > 1)
        {
            _elsewhereTried = true;
            _backOff = TimeSpan.Zero;
            return true;
        }
        if (_left == 0 || !IsWorthIt(outcome))
            return false;
        if (!_counted && !(_counted = cluster.Circuits.TryBeginRetry()))
        {
            metrics.Overflowed(CircuitLimit.Retries);
            return false;
        }
        _left--;
        _made++;
        _backOff = BackOff();
        return true;
    }

    /// <summary>Waits until it is time for the next try.</summary>
    public Task BackOffAsync(CancellationToken cancellationToken)
    {
        metrics.Retried();
        body?.Rewind();
        return _backOff == TimeSpan.Zero ? Task.CompletedTask : Task.Delay(_backOff, time, cancellationToken);
    }

    /// <summary>No more tries: makes room for the retries of others. Again is harmless.</summary>
    public void Dispose()
    {
        if (_counted)
            cluster.Circuits.EndRetry();
        _counted = false;
    }

    private bool IsWorthIt(TryOutcome outcome) => outcome.Failure switch
    {
        TryFailure.Connect or TryFailure.Handshake or TryFailure.Refused => true,
        TryFailure.Reset or TryFailure.Malformed or TryFailure.Timeout => MayRepeat(),
        TryFailure.Overflow or TryFailure.InvalidRequest => false,
        _ => outcome.Response is { Status: >= 500 } response && MayRepeat() && !IsOverloaded(response),
    };

    /// <summary>Anywhere between nothing and 25 ms after the first failure, 75 ms after the second, 175 ms after the third.</summary>
    private TimeSpan BackOff() => BackOffUnit * (((1L << Math.Min(_made, 20)) - 1) * random.NextDouble());

    private static bool IsOverloaded(UpstreamResponse response)
    {
        var headers = new HeaderList();
        response.CopyHeadersTo(headers);
        return headers.First(LocalAnswer.Overloaded) is not null;
    }

    /// <summary>A second time does what one does; or the rule is for this very method, so that its author meant it.</summary>
    private bool MayRepeat()
    {
        if (Methods.IsIdempotent(method))
            return true;
        foreach (var condition in route.Conditions)
        {
            if (condition is { Target: ConditionTarget.Method, Kind: ConditionKind.Exact } && condition.Value == method)
                return true;
        }
        return false;
    }
}
