using Turnpike.Http;
using Turnpike.Pipeline.Metrics;
using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>Whether and when to try again (istio-2017.md §3.7, made safe: what may have had an effect is not repeated).</summary>
internal sealed class RetryPlan(
    Route route, ClusterState cluster, string method, BufferingBody? body, ProxyMetrics metrics, Random random, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan BackOffUnit = TimeSpan.FromMilliseconds(25);

    private int _left = route.Retry?.Attempts ?? 0;
    private int _made;
    private bool _elsewhereTried;
    private bool _counted;
    private TimeSpan _backOff;

    /// <summary>Decides; where the answer is yes, <see cref="BackOffAsync"/> comes next.</summary>
    public bool TriesAgain(Attempt attempt)
    {
        if (body is { CanRewind: false })
            return false;
        // A refused connection costs nothing and another endpoint is as good: no policy needed for that.
        if (attempt.Failure is AttemptFailure.Connect or AttemptFailure.Handshake && !_elsewhereTried && cluster.EndpointCount > 1)
        {
            _elsewhereTried = true;
            _backOff = TimeSpan.Zero;
            return true;
        }
        if (_left == 0 || !IsWorthIt(attempt))
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

    private bool IsWorthIt(Attempt attempt) => attempt.Failure switch
    {
        AttemptFailure.Connect or AttemptFailure.Handshake or AttemptFailure.Refused => true,
        AttemptFailure.Reset or AttemptFailure.Malformed or AttemptFailure.Timeout => MayRepeat(),
        AttemptFailure.Overflow or AttemptFailure.InvalidRequest => false,
        _ => attempt.Response is { Status: >= 500 } response && MayRepeat() && !IsOverloaded(response),
    };

    /// <summary>Anywhere between nothing and 25 ms after the first failure, 75 ms after the second, 175 ms after the third.</summary>
    private TimeSpan BackOff() => BackOffUnit * (((1L << Math.Min(_made, 20)) - 1) * random.NextDouble());

    private static bool IsOverloaded(UpstreamResponse response)
    {
        var headers = new HeaderList();
        response.CopyHeadersTo(headers);
        return headers.First(LocalReply.Overloaded) is not null;
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
