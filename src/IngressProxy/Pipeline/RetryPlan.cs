using Turnpike.Routing;

namespace Turnpike.IngressProxy.Pipeline;

internal enum TryFailure
{
    None,
    Connect,
    Refused,
    Reset,

    /// <summary>The time of this try was over; that of the request is not.</summary>
    Timeout,
}

/// <summary>How one try ended: with an answer, good or bad, or with none.</summary>
internal readonly record struct TryOutcome(UpstreamEndpoint Endpoint, UpstreamResponse? Response, TryFailure Failure)
{
    public async ValueTask ReleaseAsync()
    {
        Endpoint.End();
        if (Response is not null)
            await Response.DisposeAsync();
    }
}

/// <summary>Whether and when to try again (behaviour reference §3.7, made safe: what may have had an effect is not repeated).</summary>
internal sealed class RetryPlan(Route route, ClusterState cluster, string method, RequestTap? body, Random random, TimeProvider time)
{
    private static readonly TimeSpan BackOffUnit = TimeSpan.FromMilliseconds(25);

    private int _left = route.Retry?.Attempts ?? 0;
    private int _made;
    private bool _elsewhereTried;

    /// <summary>Waits out the back-off where the answer is yes.</summary>
    public async ValueTask<bool> TryAgainAsync(TryOutcome outcome, CancellationToken cancellationToken)
    {
        if (body is { CanRewind: false })
            return false;
        // A refused connection costs nothing and another endpoint is as good: no policy needed for that.
        if (outcome.Failure == TryFailure.Connect && !_elsewhereTried && cluster.EndpointCount > 1)
        {
            _elsewhereTried = true;
        }
        else
        {
            if (_left == 0 || !IsWorthIt(outcome) || !cluster.Retries.TryTake())
                return false;
            _left--;
            _made++;
            await Task.Delay(BackOff(), time, cancellationToken);
        }
        body?.Rewind();
        return true;
    }

    private bool IsWorthIt(TryOutcome outcome) => outcome.Failure switch
    {
        TryFailure.Connect or TryFailure.Refused => true,
        TryFailure.Reset or TryFailure.Timeout => IsIdempotent(method),
        _ => outcome.Response is { Status: >= 500 } response && IsIdempotent(method) && !IsOverloaded(response),
    };

    /// <summary>Anywhere between nothing and 25 ms after the first failure, 75 ms after the second, 175 ms after the third.</summary>
    private TimeSpan BackOff() => BackOffUnit * (((1L << Math.Min(_made, 20)) - 1) * random.NextDouble());

    private static bool IsOverloaded(UpstreamResponse response)
    {
        var headers = new HeaderList();
        response.CopyHeadersTo(headers);
        return headers.First("x-envoy-overloaded") is not null;
    }

    private static bool IsIdempotent(string method) => method is "GET" or "HEAD" or "PUT" or "DELETE" or "OPTIONS" or "TRACE";
}
