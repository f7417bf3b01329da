using Microsoft.Extensions.Logging;
using Turnpike.Pipeline.Metrics;

namespace Turnpike.IngressProxy.Upstream;

/// <summary>
/// Counts what goes wrong between the proxy and its endpoints, and says so in the log: a line of each kind every ten seconds at
/// most, since anybody may cause them.
/// </summary>
internal sealed class UpstreamReport(ProxyMetrics metrics, ILogger logger, TimeProvider time)
{
    private readonly Quota _malformed = new(time);
    private readonly Quota _refused = new(time);
    private readonly Quota _handshakes = new(time);

    /// <summary>A response breaks a rule of HTTP.</summary>
    public void Malformed(string endpoint, string fault)
    {
        metrics.ResponseMalformed();
        if (_malformed.Take() is > 0 and var count)
            logger.ResponseMalformed(endpoint, fault, count);
    }

    /// <summary>A request may not go out.</summary>
    public void Refused(string endpoint, string fault)
    {
        metrics.UpstreamRequestRefused();
        if (_refused.Take() is > 0 and var count)
            logger.UpstreamRequestRefused(endpoint, fault, count);
    }

    /// <summary>An endpoint took a connection, and no TLS handshake came of it that one may go on after.</summary>
    public void HandshakeFailed(string endpoint, string fault)
    {
        metrics.UpstreamTlsFailed();
        if (_handshakes.Take() is > 0 and var count)
            logger.UpstreamHandshakeFailed(endpoint, fault, count);
    }

    /// <summary>A pooled connection had ended when a request was to go over it, which went over a new one.</summary>
    public void StaleConnection() => metrics.ConnectionStale();

    /// <summary>The right to one line in ten seconds.</summary>
    private sealed class Quota(TimeProvider time)
    {
        private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

        private readonly Lock _lock = new();
        private long? _last;
        private int _count;

        /// <summary>How many there were since the last line; 0 where no line may be written.</summary>
        public int Take()
        {
            lock (_lock)
            {
                _count++;
                if (_last is { } last && time.GetElapsedTime(last) < Interval)
                    return 0;
                _last = time.GetTimestamp();
                var count = _count;
                _count = 0;
                return count;
            }
        }
    }
}
