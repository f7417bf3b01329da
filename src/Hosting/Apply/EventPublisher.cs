using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Apply;

public enum EventSeverity
{
    Normal,
    Warning,
}

/// <summary>The object that an event is about.</summary>
public sealed record EventSubject(ResourceRef Resource, NamespacedName Key, string Uid);

/// <summary>
/// Publishes Events on objects, which <c>kubectl describe</c> shows. Repetitions of an event are counted in one record, and the events of
/// one object are limited in rate. An event that cannot be published is logged and dropped; the caller continues.
/// </summary>
/// <param name="controller">The reporting controller, such as <c>example.io/operator</c>.</param>
/// <param name="instance">The reporting instance: the pod's name.</param>
public sealed class EventPublisher(
    KubeApi api, string controller, string instance, ILogger<EventPublisher> log, TimeProvider clock)
{
    private const int LongestNote = 1024;
    private const int LongestName = 253;

    private readonly EventCorrelator _correlator = new(clock);
    private long _last;

    /// <summary>Publishes an event, or counts it in the record of an equal one.</summary>
    /// <param name="subject">The object that the event is about.</param>
    /// <param name="severity">The type of the event.</param>
    /// <param name="reason">The reason, one word in CamelCase.</param>
    /// <param name="action">The action that led to the event, one word in CamelCase.</param>
    /// <param name="note">A sentence for the user.</param>
    /// <param name="ct">Cancels the request.</param>
    public async Task PublishAsync(
        EventSubject subject, EventSeverity severity, string reason, string action, string note, CancellationToken ct)
    {
        note = note.Length <= LongestNote ? note : string.Concat(note.AsSpan(0, LongestNote - 1), "…");
        if (_correlator.Enter(subject.Uid, $"{severity}/{reason}/{action}/{note}") is not { } entry)
            return;
        try
        {
            if (entry.Name is { } name && await RepeatAsync(name, entry.Count, ct))
                return;
            entry.Name = await CreateAsync(subject, severity, reason, action, note, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            Log.EventLost(log, reason, subject.Key, e.Message);
        }
    }

    private async Task<bool> RepeatAsync(NamespacedName name, int count, CancellationToken ct)
    {
        var patch = new JsonObject
        {
            ["series"] = new JsonObject { ["count"] = count, ["lastObservedTime"] = Now() },
        };
        try
        {
            await api.PatchAsync(KnownResources.Events, name, PatchKind.Merge, patch, WriteOptions.Default, ct);
            return true;
        }
        catch (KubeStatusException e) when (e.IsNotFound)
        {
            return false;
        }
    }

    private async Task<NamespacedName> CreateAsync(
        EventSubject subject, EventSeverity severity, string reason, string action, string note, CancellationToken ct)
    {
        // Kubernetes 1.20 accepts events on cluster-scoped objects in this namespace only. kubectl finds them in any namespace.
        var ns = subject.Key.Namespace.Length == 0 ? "kube-system" : subject.Key.Namespace;
        var name = new NamespacedName(ns, UniqueName(subject.Key.Name));
        var regarding = new JsonObject
        {
            ["apiVersion"] = subject.Resource.ApiVersion,
            ["kind"] = subject.Resource.Kind,
            ["name"] = subject.Key.Name,
            ["uid"] = subject.Uid,
        };
        if (subject.Key.Namespace.Length > 0)
            regarding["namespace"] = subject.Key.Namespace;
        var body = new JsonObject
        {
            ["apiVersion"] = KnownResources.Events.ApiVersion,
            ["kind"] = KnownResources.Events.Kind,
            ["metadata"] = new JsonObject { ["name"] = name.Name, ["namespace"] = name.Namespace },
            ["eventTime"] = Now(),
            ["reportingController"] = controller,
            ["reportingInstance"] = instance,
            ["type"] = severity.ToString(),
            ["reason"] = reason,
            ["action"] = action,
            ["note"] = note,
            ["regarding"] = regarding,
        };
        await api.CreateAsync(KnownResources.Events, name.Namespace, body, WriteOptions.Default, ct);
        return name;
    }

    /// <summary>
    /// Makes a name from the object's name, a hash of the instance and a time stamp. The hash keeps replicas apart; the time stamp always
    /// grows, so that two events of one moment differ.
    /// </summary>
    private string UniqueName(string subject)
    {
        long last, ticks;
        do
        {
            last = Interlocked.Read(ref _last);
            ticks = Math.Max(clock.GetUtcNow().UtcTicks, last + 1);
        }
        while (Interlocked.CompareExchange(ref _last, ticks, last) != last);

        var suffix = string.Create(CultureInfo.InvariantCulture, $".{EventCorrelator.Hash(instance):x8}{ticks:x16}");
        var room = LongestName - suffix.Length;
        return (subject.Length <= room ? subject : subject[..room].TrimEnd('.', '-')) + suffix;
    }

    private string Now() => clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
