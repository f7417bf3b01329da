using Microsoft.Extensions.Logging;

namespace Turnpike.Operator;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "cannot write the status of {Subject}: {Reason}")]
    public static partial void StatusNotWritten(this ILogger logger, string subject, string reason);

    [LoggerMessage(2, LogLevel.Information, "self-test passed: an invalid rule is refused, and a marked pod is injected")]
    public static partial void SelfTestPassed(this ILogger logger);

    [LoggerMessage(3, LogLevel.Warning, "self-test failed: {Reason}")]
    public static partial void SelfTestFailed(this ILogger logger, string reason);

    [LoggerMessage(4, LogLevel.Warning, "cannot list the proxies connected to replica {Peer}: {Reason}")]
    public static partial void PeerUnreachable(this ILogger logger, string peer, string reason);

    [LoggerMessage(7, LogLevel.Warning, "cannot record which namespace owns which host: {Reason}")]
    public static partial void HostsNotRecorded(this ILogger logger, string reason);

    [LoggerMessage(6, LogLevel.Warning, "{Subject}: {Reason}: {Message}")]
    public static partial void BeyondItsNamespace(this ILogger logger, string subject, string reason, string message);

    [LoggerMessage(8, LogLevel.Information, "created {Kind} {Key}, which did not exist; the operator does not change it again")]
    public static partial void DefaultMade(this ILogger logger, string kind, string key);

    [LoggerMessage(9, LogLevel.Warning, "{Kind} {Key} does not exist and cannot be created: {Reason}")]
    public static partial void DefaultNotMade(this ILogger logger, string kind, string key, string reason);

    [LoggerMessage(10, LogLevel.Warning, "{Note}")]
    public static partial void ForeignClass(this ILogger logger, string note);
}
