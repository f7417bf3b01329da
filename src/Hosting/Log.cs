using Microsoft.Extensions.Logging;
using Turnpike.Hosting.Admission;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Serving;

namespace Turnpike.Hosting;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "cannot decode \"{Resource}\" \"{Key}\", the last good version stays in use")]
    public static partial void UndecodableObject(ILogger log, Exception e, ResourceRef resource, NamespacedName key);

    [LoggerMessage(2, LogLevel.Error, "a handler of \"{Resource}\" failed for \"{Key}\"")]
    public static partial void HandlerFailed(ILogger log, Exception e, ResourceRef resource, NamespacedName key);

    [LoggerMessage(3, LogLevel.Information, "the watch of \"{Resource}\" has expired, listing again: {Message}")]
    public static partial void HistoryExpired(ILogger log, ResourceRef resource, string message);

    [LoggerMessage(4, LogLevel.Warning, "cannot watch \"{Resource}\", retrying from version {Version} in {Seconds} s: {Message}")]
    public static partial void WatchFailed(ILogger log, ResourceRef resource, string version, double seconds, string message);

    [LoggerMessage(10, LogLevel.Warning, "\"{Loop}\" failed to reconcile \"{Key}\", retrying in {Seconds} s")]
    public static partial void ReconcileFailed(ILogger log, Exception e, string loop, string key, double seconds);

    [LoggerMessage(11, LogLevel.Information, "\"{Identity}\" is the leader by lease \"{Lease}\"")]
    public static partial void StartedLeading(ILogger log, string identity, NamespacedName lease);

    [LoggerMessage(12, LogLevel.Warning, "\"{Identity}\" has lost lease \"{Lease}\" and no longer leads")]
    public static partial void LostLeadership(ILogger log, string identity, NamespacedName lease);

    [LoggerMessage(13, LogLevel.Critical, "\"{Identity}\" is still working after losing lease \"{Lease}\", another replica may be leading")]
    public static partial void WorkOutlivesTerm(ILogger log, string identity, NamespacedName lease);

    [LoggerMessage(14, LogLevel.Error, "a task of the leader failed, releasing lease \"{Lease}\"")]
    public static partial void LeaderWorkFailed(ILogger log, Exception e, NamespacedName lease);

    [LoggerMessage(15, LogLevel.Warning, "cannot read or write lease \"{Lease}\": {Message}")]
    public static partial void LeaseUnreachable(ILogger log, NamespacedName lease, string message);

    [LoggerMessage(20, LogLevel.Warning, "cannot publish event \"{Reason}\" on \"{Key}\": {Message}")]
    public static partial void EventLost(ILogger log, string reason, NamespacedName key, string message);

    [LoggerMessage(30, LogLevel.Error, "admission webhook \"{Path}\" failed on {Operation} of \"{Resource}\" \"{Key}\": {Reason}")]
    public static partial void AdmissionFailed(
        ILogger log, string path, AdmissionOperation operation, string resource, string key, string reason);

    [LoggerMessage(31, LogLevel.Warning, "admission webhook \"{Path}\" rejected a request from {Peer} with status {Status}: {Message}")]
    public static partial void AdmissionMalformed(ILogger log, string path, PeerAddress peer, int status, string message);

    [LoggerMessage(40, LogLevel.Information, "the authority in \"{Secret}\" has changed to {Subject}, valid until {NotAfter:u}")]
    public static partial void AuthorityChanged(ILogger log, NamespacedName secret, string subject, DateTimeOffset notAfter);

    [LoggerMessage(41, LogLevel.Information, "serving certificate {Serial}, valid until {NotAfter:u}")]
    public static partial void CertificateServed(ILogger log, string serial, DateTimeOffset notAfter);

    [LoggerMessage(42, LogLevel.Information, "updating the caBundle of {Count} webhooks in \"{Resource}\" \"{Key}\"")]
    public static partial void BundleRepaired(ILogger log, ResourceRef resource, NamespacedName key, int count);

    [LoggerMessage(43, LogLevel.Error, "cannot read the certificate \"{Path}\": {Message}")]
    public static partial void CertificateUnreadable(ILogger log, string path, string message);

    [LoggerMessage(45, LogLevel.Error, "rejecting all clients, because the authorities in \"{Path}\" cannot be read: {Message}")]
    public static partial void ClientAuthorityUnreadable(ILogger log, string path, string message);

    [LoggerMessage(44, LogLevel.Warning, "cannot read which authorities the API server trusts: {Message}")]
    public static partial void TrustUnreadable(ILogger log, string message);
}
