using Microsoft.Extensions.Logging;
using Turnpike.Hosting.Admission;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Serving;

namespace Turnpike.Hosting;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "cannot decode \"{Resource}\" \"{Key}\", its last good version stays")]
    public static partial void UndecodableObject(ILogger log, Exception e, ResourceRef resource, NamespacedName key);

    [LoggerMessage(2, LogLevel.Error, "a handler of \"{Resource}\" failed on \"{Key}\"")]
    public static partial void HandlerFailed(ILogger log, Exception e, ResourceRef resource, NamespacedName key);

    [LoggerMessage(3, LogLevel.Information, "the history of \"{Resource}\" has moved on, listing again: {Message}")]
    public static partial void HistoryExpired(ILogger log, ResourceRef resource, string message);

    [LoggerMessage(4, LogLevel.Warning, "cannot watch \"{Resource}\": {Message}; going on from {Version} in {Seconds} s")]
    public static partial void WatchFailed(ILogger log, ResourceRef resource, string message, string version, double seconds);

    [LoggerMessage(10, LogLevel.Warning, "\"{Loop}\" failed on \"{Key}\", again in {Seconds} s")]
    public static partial void ReconcileFailed(ILogger log, Exception e, string loop, string key, double seconds);

    [LoggerMessage(11, LogLevel.Information, "\"{Identity}\" leads \"{Lease}\"")]
    public static partial void StartedLeading(ILogger log, string identity, NamespacedName lease);

    [LoggerMessage(12, LogLevel.Warning, "\"{Identity}\" no longer leads \"{Lease}\"")]
    public static partial void LostLeadership(ILogger log, string identity, NamespacedName lease);

    [LoggerMessage(13, LogLevel.Critical, "the work of \"{Identity}\" goes on though its term on \"{Lease}\" is over and others may lead")]
    public static partial void WorkOutlivesTerm(ILogger log, string identity, NamespacedName lease);

    [LoggerMessage(14, LogLevel.Error, "the leader's work on \"{Lease}\" failed")]
    public static partial void LeaderWorkFailed(ILogger log, Exception e, NamespacedName lease);

    [LoggerMessage(15, LogLevel.Warning, "lease \"{Lease}\": {Message}")]
    public static partial void LeaseUnreachable(ILogger log, NamespacedName lease, string message);

    [LoggerMessage(20, LogLevel.Warning, "event \"{Reason}\" of \"{Key}\" is lost: {Message}")]
    public static partial void EventLost(ILogger log, string reason, NamespacedName key, string message);

    [LoggerMessage(30, LogLevel.Error, "admission at \"{Path}\" of {Operation} \"{Resource}\" \"{Key}\" failed: {Reason}")]
    public static partial void AdmissionFailed(
        ILogger log, string path, AdmissionOperation operation, string resource, string key, string reason);

    [LoggerMessage(31, LogLevel.Warning, "admission at \"{Path}\" was sent something else by {Peer}, answered {Status}: {Message}")]
    public static partial void AdmissionMalformed(ILogger log, string path, PeerAddress peer, int status, string message);

    [LoggerMessage(40, LogLevel.Information, "\"{Secret}\" has another CA: {Subject}, until {NotAfter:u}")]
    public static partial void AuthorityChanged(ILogger log, NamespacedName secret, string subject, DateTimeOffset notAfter);

    [LoggerMessage(41, LogLevel.Information, "serving certificate {Serial}, until {NotAfter:u}")]
    public static partial void CertificateServed(ILogger log, string serial, DateTimeOffset notAfter);

    [LoggerMessage(42, LogLevel.Information, "setting the caBundle of {Count} webhooks in \"{Resource}\" \"{Key}\"")]
    public static partial void BundleRepaired(ILogger log, ResourceRef resource, NamespacedName key, int count);

    [LoggerMessage(43, LogLevel.Error, "cannot read the certificate \"{Path}\": {Message}")]
    public static partial void CertificateUnreadable(ILogger log, string path, string message);

    [LoggerMessage(45, LogLevel.Error, "no client is let in, because the authorities in \"{Path}\" cannot be read: {Message}")]
    public static partial void ClientAuthorityUnreadable(ILogger log, string path, string message);

    [LoggerMessage(44, LogLevel.Warning, "cannot see whom the API server trusts: {Message}")]
    public static partial void TrustUnreadable(ILogger log, string message);
}
