using Microsoft.Extensions.Logging;

namespace Turnpike.IngressProxy;

/// <summary>The log lines of the proxy. No request causes a line of level Information or above, except by a fault of the proxy itself.</summary>
internal static partial class Log
{
    [LoggerMessage(
        1,
        LogLevel.Information,
        "table '{Version}' from {Source} applied: {Hosts} virtual hosts, {Clusters} clusters, {Certificates} certificates")]
    public static partial void TableApplied(this ILogger logger, string version, string source, int hosts, int clusters, int certificates);

    [LoggerMessage(2, LogLevel.Error, "table from {Source} refused, the last good one stays: {Reason}")]
    public static partial void TableRefused(this ILogger logger, string source, string reason);

    [LoggerMessage(3, LogLevel.Information, "waiting for table file '{File}'")]
    public static partial void WaitingForTable(this ILogger logger, string file);

    [LoggerMessage(4, LogLevel.Warning, "cannot watch directory '{Directory}', reading the table file every {Seconds} s instead: {Reason}")]
    public static partial void CannotWatch(this ILogger logger, string directory, double seconds, string reason);

    [LoggerMessage(5, LogLevel.Warning, "no connection to control plane {Address}, the last good table stays, next attempt in {Seconds} s: {Reason}")]
    public static partial void DiscoveryFailed(this ILogger logger, string address, double seconds, string reason);

    [LoggerMessage(6, LogLevel.Information, "control plane {Address} ended the stream, connecting again")]
    public static partial void DiscoveryEnded(this ILogger logger, string address);

    [LoggerMessage(8, LogLevel.Warning, "listener '{Listener}' of the table is not served: {Reason}")]
    public static partial void ListenerNotServed(this ILogger logger, string listener, string reason);

    [LoggerMessage(10, LogLevel.Error, "certificate '{Name}' cannot be read and is left out: {Reason}")]
    public static partial void CertificateUnreadable(this ILogger logger, string name, string reason);

    [LoggerMessage(11, LogLevel.Warning, "TLS handshake refused, no certificate for server name '{ServerName}' ({Count} since the last such line)")]
    public static partial void HandshakeRefused(this ILogger logger, string serverName, int count);

    [LoggerMessage(21, LogLevel.Warning, "response of endpoint {Endpoint} refused: {Fault} ({Count} since the last such line)")]
    public static partial void ResponseMalformed(this ILogger logger, string endpoint, string fault, int count);

    [LoggerMessage(22, LogLevel.Warning, "request to endpoint {Endpoint} not sent: {Fault} ({Count} since the last such line)")]
    public static partial void UpstreamRequestRefused(this ILogger logger, string endpoint, string fault, int count);

    [LoggerMessage(23, LogLevel.Warning, "TLS handshake with endpoint {Endpoint} failed: {Fault} ({Count} since the last such line)")]
    public static partial void UpstreamHandshakeFailed(this ILogger logger, string endpoint, string fault, int count);

    [LoggerMessage(30, LogLevel.Information, "draining: no longer ready, accepting for {Delay} more, then up to {Duration} for requests in flight")]
    public static partial void Draining(this ILogger logger, TimeSpan delay, TimeSpan duration);

    [LoggerMessage(31, LogLevel.Information, "drained, {Active} requests broken off")]
    public static partial void Drained(this ILogger logger, long active);
}
