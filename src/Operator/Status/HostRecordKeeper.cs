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
/// Records which namespace owns which host, in a ConfigMap for each namespace. With the records, every replica assigns hosts in the same
/// way, also after a restart, and an old Ingress that names a host later does not win it by its age. A namespace can fill its own record
/// only.
/// </summary>
internal sealed class HostRecordKeeper(
    KubeApi api, Profile profile, DiscoveryStates states, ILogger<HostRecordKeeper> log, TimeProvider clock) : ILeaderTask
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly ServerSideApply _apply = new(api, Deployed.FieldManager);

    public async Task RunAsync(CancellationToken term)
    {
        // The records that this leader has written count at once, before the watch returns them.
        HostClaims? claims = null;
        var sequence = 0L;
        var failure = new LastFailure();
        while (!term.IsCancellationRequested)
        {
            try
            {
                var state = await states.NewerThanAsync(sequence, term);
                // Hosts keep their owners while the ingress is switched off.
                if (state.Snapshot.Mesh.IngressControllerMode == IngressControllerMode.Off)
                {
                    sequence = state.Sequence;
                    continue;
                }
                var wanted = claims is null ? state.Hosts.Claims : HostOwners.Of(state.Snapshot with { HostClaims = claims }).Claims;
                await WriteAsync(state, wanted, term);
                (claims, sequence) = (wanted, state.Sequence);
                failure.Clear();
            }
            catch (OperationCanceledException) when (term.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (failure.IsNew(e.Message))
                    log.HostsNotRecorded(e.Message);
                await Task.Delay(Pause, clock, term).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Writes the records. Hosts are removed first, so that no two records have the same host at any time.</summary>
    private async Task WriteAsync(DiscoveryState state, HostClaims claims, CancellationToken ct)
    {
        var written = state.Snapshot.HostRecords.ToLookup(r => r.Namespace, StringComparer.Ordinal);
        var wanted = claims.Records();
        var changed = wanted.Where(w => !w.Says(written[w.Namespace].FirstOrDefault())).ToList();
        foreach (var gone in state.Snapshot.HostRecords.ExceptBy(wanted.Select(w => w.Namespace), r => r.Namespace))
        {
            var (key, uid) = (new NamespacedName(gone.Metadata.Namespace, gone.Metadata.Name), gone.Metadata.Uid);
            await api.DeleteAsync(KnownResources.ConfigMaps, key, uid.Length > 0 ? uid : null, ct);
        }
        foreach (var record in changed)
        {
            if (written[record.Namespace].FirstOrDefault() is { } old && Remaining(old, record) is { } remaining && !remaining.Says(old))
                await ApplyAsync(remaining, ct);
        }
        foreach (var record in changed)
            await ApplyAsync(record, ct);
    }

    /// <summary>Returns what a record had before and still has.</summary>
    private static HostRecord Remaining(HostRecord old, HostRecord record) => record with
    {
        Hosts = [.. old.Hosts.Intersect(record.Hosts, StringComparer.Ordinal)],
        Paths = [.. old.Paths.Intersect(record.Paths, StringComparer.Ordinal)],
    };

    private Task<JsonElement> ApplyAsync(HostRecord record, CancellationToken ct) => _apply.ApplyAsync(
        KnownResources.ConfigMaps,
        new NamespacedName(profile.SystemNamespace, Names.HostRecordPrefix + record.Namespace),
        new JsonObject
        {
            ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [Names.HostRecordLabel] = record.Namespace } },
            ["data"] = new JsonObject { [Names.HostRecordHostsKey] = record.HostLines, [Names.HostRecordPathsKey] = record.PathLines },
        },
        ct);
}
