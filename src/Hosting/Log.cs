using Microsoft.Extensions.Logging;
using Turnpike.Hosting.Api;

namespace Turnpike.Hosting;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "cannot decode \"{Resource}\" \"{Key}\", its last good version stays")]
    public static partial void UndecodableObject(ILogger log, Exception e, ResourceRef resource, ObjectKey key);

    [LoggerMessage(2, LogLevel.Error, "a handler of \"{Resource}\" failed on \"{Key}\"")]
    public static partial void HandlerFailed(ILogger log, Exception e, ResourceRef resource, ObjectKey key);

    [LoggerMessage(3, LogLevel.Information, "the history of \"{Resource}\" has moved on, listing again: {Message}")]
    public static partial void HistoryExpired(ILogger log, ResourceRef resource, string message);

    [LoggerMessage(4, LogLevel.Warning, "cannot watch \"{Resource}\": {Message}; going on from {Version} in {Seconds} s")]
    public static partial void WatchFailed(ILogger log, ResourceRef resource, string message, string version, double seconds);
}
