using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Turnpike.Api;
using Turnpike.Api.Mesh;
using Turnpike.Compiler.Hosts;
using Turnpike.Discovery;
using Turnpike.Hosting.Apply;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Reconcile;

namespace Turnpike.Operator.Status;

/// <summary>
/// Writes down which namespace has which host, in a ConfigMap for each namespace: so every replica, and the one after the next restart, gives the hosts
/// out alike, and an old Ingress that names a host later does not win it by its age. A namespace can fill its own record only.
/// </summary>
internal sealed class HostRecordKeeper(KubeApi api, Profile profile, DiscoveryStates states, ILogger<HostRecordKeeper> log, TimeProvider clock) : ILeaderTask
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly ResourceRef ConfigMaps = new("", "v1", "configmaps", "ConfigMap");

    private readonly ServerSideApply _apply = new(api, Deployed.FieldManager);

    public async Task RunAsync(CancellationToken term)
    {
        // What this leader has written counts from then on, also before it comes back with the watch.
        HostClaims? claims = null;
        var sequence = 0L;
        while (!term.IsCancellationRequested)
        {
            try
            {
                var state = await states.NewerThanAsync(sequence, term);
                // Who switches the ingress off for a while does not mean to give all hosts away.
                if (state.Snapshot.Mesh.IngressControllerMode == IngressControllerMode.Off)
                {
                    sequence = state.Sequence;
                    continue;
                }
                var wanted = claims is null ? state.Hosts.Claims : HostOwners.Of(state.Snapshot with { HostClaims = claims }).Claims;
                await WriteAsync(state, wanted, term);
                (claims, sequence) = (wanted, state.Sequence);
            }
            catch (OperationCanceledException) when (term.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                log.HostsNotRecorded(e.Message);
                await Task.Delay(Pause, clock, term).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>What a namespace no longer has goes first: at no moment do two records have the same host.</summary>
    private async Task WriteAsync(DiscoveryState state, HostClaims claims, CancellationToken ct)
    {
        var written = state.Snapshot.HostRecords.ToLookup(r => r.Namespace, StringComparer.Ordinal);
        var wanted = claims.Records();
        var changed = wanted.Where(w => !w.Says(written[w.Namespace].FirstOrDefault())).ToList();
        foreach (var gone in state.Snapshot.HostRecords.ExceptBy(wanted.Select(w => w.Namespace), r => r.Namespace))
            await api.DeleteAsync(ConfigMaps, new NamespacedName(gone.Metadata.Namespace, gone.Metadata.Name), gone.Metadata.Uid.Length > 0 ? gone.Metadata.Uid : null, ct);
        foreach (var record in changed)
        {
            if (written[record.Namespace].FirstOrDefault() is { } old && Kept(old, record) is { } kept && !kept.Says(old))
                await ApplyAsync(kept, ct);
        }
        foreach (var record in changed)
            await ApplyAsync(record, ct);
    }

    /// <summary>What a record had and still has.</summary>
    private static HostRecord Kept(HostRecord old, HostRecord record) =>
        record with { Hosts = [.. old.Hosts.Intersect(record.Hosts, StringComparer.Ordinal)], Paths = [.. old.Paths.Intersect(record.Paths, StringComparer.Ordinal)] };

    private Task<JsonElement> ApplyAsync(HostRecord record, CancellationToken ct) => _apply.ApplyAsync(
        ConfigMaps,
        new NamespacedName(profile.SystemNamespace, Names.HostRecordPrefix + record.Namespace),
        new JsonObject
        {
            ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [Names.HostRecordLabel] = record.Namespace } },
            ["data"] = new JsonObject { [Names.HostRecordHostsKey] = record.HostLines, [Names.HostRecordPathsKey] = record.PathLines },
        },
        ct);
}
