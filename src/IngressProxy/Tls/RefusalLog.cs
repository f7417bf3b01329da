using Microsoft.Extensions.Logging;

namespace Turnpike.IngressProxy.Tls;

/// <summary>Reports refused handshakes, one line every ten seconds at most, since every client can cause them.</summary>
internal sealed class RefusalLog(ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private long? _lastLine;
    private int _unreported;

    public void Refused(string serverName)
    {
        int count;
        lock (_lock)
        {
            _unreported++;
            if (_lastLine is { } last && time.GetElapsedTime(last) < Interval)
                return;
            _lastLine = time.GetTimestamp();
            count = _unreported;
            _unreported = 0;
        }
        logger.HandshakeRefused(serverName, count);
    }
}
