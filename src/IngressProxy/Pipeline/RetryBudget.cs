namespace Turnpike.IngressProxy.Pipeline;

/// <summary>
/// Keeps retries from multiplying the load on a service that is already failing: of the requests of the last three minutes, a
/// fifth may be retries, and a few more so that a quiet service gets its retries too.
/// </summary>
internal sealed class RetryBudget(TimeProvider time)
{
    public const int AlwaysAllowed = 100;
    private const int Buckets = 18;
    private const double Share = 0.2;

    private static readonly TimeSpan BucketLength = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly int[] _requests = new int[Buckets];
    private readonly int[] _retries = new int[Buckets];
    private readonly long _start = time.GetTimestamp();
    private long _current;

    public void CountRequest()
    {
        lock (_lock)
            _requests[Bucket()]++;
    }

    /// <summary>Takes one retry out of the budget; false where it is spent.</summary>
    public bool TryTake()
    {
        lock (_lock)
        {
            var bucket = Bucket();
            long requests = 0, retries = 0;
            for (var i = 0; i < Buckets; i++)
            {
                requests += _requests[i];
                retries += _retries[i];
            }
            if (retries >= AlwaysAllowed + requests * Share)
                return false;
            _retries[bucket]++;
            return true;
        }
    }

    private int Bucket()
    {
        var now = time.GetElapsedTime(_start).Ticks / BucketLength.Ticks;
        for (var passed = Math.Min(now - _current, Buckets); passed > 0; passed--)
        {
            var stale = (int)((now - passed + 1) % Buckets);
            _requests[stale] = _retries[stale] = 0;
        }
        _current = now;
        return (int)(now % Buckets);
    }
}
