using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Reconcile;

/// <summary>The lease object. Every write carries the version that was read, so that one of two concurrent writers is refused.</summary>
internal sealed class Lease(KubeApi api, LeaderElectionOptions options, TimeProvider clock)
{
    private string? _seenVersion;
    private long _seenAt;

    public enum Holder
    {
        Unknown,
        Us,
        Another,
    }

    /// <summary>Takes or renews the lease if that is allowed, and returns its holder.</summary>
    public async Task<Holder> TryHoldAsync(CancellationToken ct)
    {
        if (await api.FindAsync(KnownResources.Leases, options.Lease, ct) is not { } found)
            return await WriteAsync(() => api.CreateAsync(KnownResources.Leases, options.Lease.Namespace, New(), WriteOptions.Default, ct));

        Observe(found);
        var holder = Text(found, "holderIdentity");
        var ours = holder == options.Identity;
        if (!ours && !string.IsNullOrEmpty(holder) && clock.GetElapsedTime(_seenAt) < Duration(found))
            return Holder.Another;

        var next = JsonObject.Create(found)!;
        Fill(next, taken: !ours);
        return await WriteAsync(() => api.ReplaceAsync(KnownResources.Leases, options.Lease, next, WriteOptions.Default, ct));
    }

    /// <summary>Releases the lease if this process still holds it, so that another need not wait until it expires.</summary>
    public async Task ReleaseAsync(CancellationToken ct)
    {
        var lease = await api.FindAsync(KnownResources.Leases, options.Lease, ct);
        if (lease is not { } found || Text(found, "holderIdentity") != options.Identity)
            return;
        var next = JsonObject.Create(found)!;
        next["spec"]!["holderIdentity"] = "";
        next["spec"]!["leaseDurationSeconds"] = 1;
        await WriteAsync(() => api.ReplaceAsync(KnownResources.Leases, options.Lease, next, WriteOptions.Default, ct));
    }

    private static string? Text(JsonElement lease, string field) => lease.Child("spec")?.Text(field);

    private static TimeSpan Duration(JsonElement lease) =>
        lease.Child("spec")?.Child("leaseDurationSeconds") is { ValueKind: JsonValueKind.Number } seconds
        && seconds.TryGetInt32(out var count)
            ? TimeSpan.FromSeconds(count)
            : TimeSpan.FromSeconds(15);

    /// <summary>Writes the lease. After a conflict the holder is unknown until the next attempt reads it.</summary>
    private async Task<Holder> WriteAsync(Func<Task<JsonElement>> write)
    {
        try
        {
            Observe(await write());
            return Holder.Us;
        }
        catch (KubeStatusException e) when (e.IsConflict)
        {
            return Holder.Unknown;
        }
    }

    private void Observe(JsonElement lease)
    {
        if (lease.ResourceVersion() is var version && version == _seenVersion)
            return;
        _seenVersion = version;
        _seenAt = clock.GetTimestamp();
    }

    private JsonObject New()
    {
        var lease = new JsonObject
        {
            ["apiVersion"] = KnownResources.Leases.ApiVersion,
            ["kind"] = KnownResources.Leases.Kind,
            ["metadata"] = new JsonObject { ["name"] = options.Lease.Name, ["namespace"] = options.Lease.Namespace },
        };
        Fill(lease, taken: true);
        return lease;
    }

    private void Fill(JsonObject lease, bool taken)
    {
        if (lease["spec"] is not JsonObject spec)
            lease["spec"] = spec = [];
        var now = clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
        if (taken)
        {
            var before = spec["leaseTransitions"] is JsonValue value && value.TryGetValue<int>(out var count) ? count + 1 : 0;
            spec["leaseTransitions"] = before;
            spec["acquireTime"] = now;
        }

        spec["holderIdentity"] = options.Identity;
        spec["leaseDurationSeconds"] = (int)options.LeaseDuration.TotalSeconds;
        spec["renewTime"] = now;
    }
}
