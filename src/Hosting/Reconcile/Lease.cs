using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Reconcile;

/// <summary>The shared record of who leads. Every write carries the version that was read, so of two writers one is refused.</summary>
internal sealed class Lease(KubeApi api, LeaderElectionOptions options, TimeProvider clock)
{
    private static readonly ResourceRef Resource = new("coordination.k8s.io", "v1", "leases", "Lease");

    private string? _seenVersion;
    private long _seenAt;

    public enum Holder
    {
        Unknown,
        Us,
        Another,
    }

    /// <summary>Takes or renews the Lease if that is allowed, and says who has it now.</summary>
    public async Task<Holder> TryHoldAsync(CancellationToken ct)
    {
        if (await api.FindAsync(Resource, options.Lease, ct) is not { } found)
            return await WriteAsync(() => api.CreateAsync(Resource, options.Lease.Namespace, New(), WriteOptions.Default, ct));

        Observe(found);
        var holder = Text(found, "holderIdentity");
        var ours = holder == options.Identity;
        if (!ours && !string.IsNullOrEmpty(holder) && clock.GetElapsedTime(_seenAt) < Duration(found))
            return Holder.Another;

        var next = JsonObject.Create(found)!;
        Fill(next, taken: !ours);
        return await WriteAsync(() => api.ReplaceAsync(Resource, options.Lease, next, WriteOptions.Default, ct));
    }

    /// <summary>Lets go, if the Lease is still ours, so that another need not wait for it to run out.</summary>
    public async Task ReleaseAsync(CancellationToken ct)
    {
        if (await api.FindAsync(Resource, options.Lease, ct) is not { } found || Text(found, "holderIdentity") != options.Identity)
            return;
        var next = JsonObject.Create(found)!;
        next["spec"]!["holderIdentity"] = "";
        next["spec"]!["leaseDurationSeconds"] = 1;
        await WriteAsync(() => api.ReplaceAsync(Resource, options.Lease, next, WriteOptions.Default, ct));
    }

    private static string? Text(JsonElement lease, string field) => lease.Child("spec")?.Text(field);

    private static TimeSpan Duration(JsonElement lease) =>
        lease.Child("spec")?.Child("leaseDurationSeconds") is { ValueKind: JsonValueKind.Number } seconds && seconds.TryGetInt32(out var count)
            ? TimeSpan.FromSeconds(count)
            : TimeSpan.FromSeconds(15);

    /// <summary>A conflict is an answer: somebody else wrote, and the next look will say who.</summary>
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
            ["apiVersion"] = Resource.ApiVersion,
            ["kind"] = Resource.Kind,
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
