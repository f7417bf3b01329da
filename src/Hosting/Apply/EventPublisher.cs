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
/// Tells users what happened to their objects (<c>kubectl describe</c>). An event that repeats is counted in one record; an object about
/// which there is very much to say is heard now and then. An event that cannot be published is logged and lost: it hinders nothing.
/// </summary>
/// <param name="controller">Who speaks, such as <c>example.io/operator</c>.</param>
/// <param name="instance">Which of several: the pod's name.</param>
public sealed class EventPublisher(
    KubeApi api, string controller, string instance, ILogger<EventPublisher> log, TimeProvider clock)
{
    private const int LongestNote = 1024;
    private const int LongestName = 253;
    private static readonly ResourceRef Resource = new("events.k8s.io", "v1", "events", "Event");

    private readonly EventCorrelator _correlator = new(clock);
    private long _last;

    /// <param name="subject">What it is about.</param>
    /// <param name="severity">Whether somebody should act.</param>
    /// <param name="reason">One word in CamelCase.</param>
    /// <param name="action">What was being done, one word in CamelCase.</param>
    /// <param name="note">A sentence for the person who reads it.</param>
    /// <param name="ct">Gives up.</param>
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
            await api.PatchAsync(Resource, name, PatchKind.Merge, patch, WriteOptions.Default, ct);
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
        // Kubernetes 1.20 takes events on objects without a namespace in this one alone; kubectl looks for them everywhere.
        var name = new NamespacedName(subject.Key.Namespace.Length == 0 ? "kube-system" : subject.Key.Namespace, UniqueName(subject.Key.Name));
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
            ["apiVersion"] = Resource.ApiVersion,
            ["kind"] = Resource.Kind,
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
        await api.CreateAsync(Resource, name.Namespace, body, WriteOptions.Default, ct);
        return name;
    }

    /// <summary>Made of the time, to which other replicas add their name and we an ever growing number.</summary>
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
        return (subject.Length + suffix.Length <= LongestName ? subject : subject[..(LongestName - suffix.Length)].TrimEnd('.', '-')) + suffix;
    }

    private string Now() => clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
