using Microsoft.Extensions.Logging;

namespace Turnpike.Operator;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "The status of {Subject} was not written: {Reason}")]
    public static partial void StatusNotWritten(this ILogger logger, string subject, string reason);

    [LoggerMessage(2, LogLevel.Information, "Self-test passed: a bad rule is refused, a marked pod is injected")]
    public static partial void SelfTestPassed(this ILogger logger);

    [LoggerMessage(3, LogLevel.Warning, "Self-test failed: {Reason}")]
    public static partial void SelfTestFailed(this ILogger logger, string reason);

    [LoggerMessage(4, LogLevel.Warning, "Replica {Peer} does not tell of its proxies: {Reason}")]
    public static partial void PeerUnreachable(this ILogger logger, string peer, string reason);

    [LoggerMessage(7, LogLevel.Warning, "Which namespace has which host was not written down: {Reason}")]
    public static partial void HostsNotRecorded(this ILogger logger, string reason);

    [LoggerMessage(6, LogLevel.Warning, "{Subject}: {Reason}: {Message}")]
    public static partial void BeyondItsNamespace(this ILogger logger, string subject, string reason, string message);

    [LoggerMessage(5, LogLevel.Warning, "The ingress addresses are not known: {Reason}")]
    public static partial void AddressesUnknown(this ILogger logger, string reason);

    [LoggerMessage(8, LogLevel.Information, "There was no {Kind} {Key}: it was made, and is its user's from now on")]
    public static partial void DefaultMade(this ILogger logger, string kind, string key);

    [LoggerMessage(9, LogLevel.Warning, "There is no {Kind} {Key}, and it was not made: {Reason}")]
    public static partial void DefaultNotMade(this ILogger logger, string kind, string key, string reason);

    [LoggerMessage(10, LogLevel.Warning, "{Note}")]
    public static partial void ForeignClass(this ILogger logger, string note);
}
