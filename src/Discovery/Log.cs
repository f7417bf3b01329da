using Microsoft.Extensions.Logging;

namespace Turnpike.Discovery;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "The cluster cannot be watched yet")]
    public static partial void WatchFailed(this ILogger logger, Exception exception);

    [LoggerMessage(2, LogLevel.Information, "Compiled table {Version} from {Ingresses} ingresses and {RouteRules} route rules in {Milliseconds} ms")]
    public static partial void TableCompiled(this ILogger logger, string version, int ingresses, int routeRules, double milliseconds);

    [LoggerMessage(3, LogLevel.Information, "Proxy {Namespace}/{Pod} connected with table \"{Version}\"")]
    public static partial void ProxyConnected(this ILogger logger, string @namespace, string pod, string version);

    [LoggerMessage(4, LogLevel.Information, "Proxy {Namespace}/{Pod} disconnected")]
    public static partial void ProxyDisconnected(this ILogger logger, string @namespace, string pod);

    [LoggerMessage(5, LogLevel.Error, "A proxy refused table {Version}: {Error}")]
    public static partial void UpdateRefused(this ILogger logger, string version, string error);

    [LoggerMessage(6, LogLevel.Warning, "TokenReview is unavailable; tokens verified within the last {Minutes} minutes are accepted: {Reason}")]
    public static partial void TokensUnchecked(this ILogger logger, string reason, double minutes);

    [LoggerMessage(7, LogLevel.Information, "TokenReview is available again")]
    public static partial void TokensCheckedAgain(this ILogger logger);

    [LoggerMessage(8, LogLevel.Error, "The cluster cannot be compiled; the last table remains in use")]
    public static partial void CompilationFailed(this ILogger logger, Exception exception);
}
