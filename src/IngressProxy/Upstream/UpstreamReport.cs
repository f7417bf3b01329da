using Microsoft.Extensions.Logging;
using Turnpike.Pipeline.Metrics;

namespace Turnpike.IngressProxy.Upstream;

/// <summary>
/// Counts failures between the proxy and its endpoints, and logs them. Clients and endpoints can cause them at will, so there is at most
/// one line of each kind every ten seconds.
/// </summary>
internal sealed class UpstreamReport(ProxyMetrics metrics, ILogger logger, TimeProvider time)
{
    private readonly Quota _malformed = new(time);
    private readonly Quota _refused = new(time);
    private readonly Quota _handshakes = new(time);

    /// <summary>Reports a response that breaks a rule of HTTP.</summary>
    public void Malformed(string endpoint, string fault)
    {
        metrics.ResponseMalformed();
        if (_malformed.Take() is > 0 and var count)
            logger.ResponseMalformed(endpoint, fault, count);
    }

    /// <summary>Reports a request that may not go out.</summary>
    public void Refused(string endpoint, string fault)
    {
        metrics.UpstreamRequestRefused();
        if (_refused.Take() is > 0 and var count)
            logger.UpstreamRequestRefused(endpoint, fault, count);
    }

    /// <summary>Reports an endpoint that accepted a connection, and with which the TLS handshake failed.</summary>
    public void HandshakeFailed(string endpoint, string fault)
    {
        metrics.UpstreamTlsFailed();
        if (_handshakes.Take() is > 0 and var count)
            logger.UpstreamHandshakeFailed(endpoint, fault, count);
    }

    /// <summary>Reports a pooled connection that had ended, so that its request went over a new one.</summary>
    public void StaleConnection() => metrics.ConnectionStale();

    /// <summary>Allows one line in ten seconds.</summary>
    private sealed class Quota(TimeProvider time)
    {
        private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

        private readonly Lock _lock = new();
        private long? _last;
        private int _count;

        /// <summary>The number of events since the last line; 0 when no line may be written yet.</summary>
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
