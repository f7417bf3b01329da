using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Turnpike.Api;
using Turnpike.Discovery;
using Turnpike.Hosting.Apply;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Reconcile;
using Turnpike.Hosting.Watch;
using Turnpike.Operator.Manifests;
using Turnpike.Webhooks;

namespace Turnpike.Operator.Status;

/// <summary>
/// Writes the ConfigMap <c>turnpike-status</c>, which <c>turnpike status</c> reads, and makes the webhook configurations belong to the
/// operator's namespace, so that they are deleted with it.
/// </summary>
internal sealed class FleetStatusController(
    KubeApi api,
    Profile profile,
    DiscoveryStates states,
    FleetView fleet,
    SelfTest selfTest,
    ImageProofs proofs,
    Informer<OperatorHost.ProofRecord> record,
    ILogger<FleetStatusController> log,
    TimeProvider clock) : ILeaderTask
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly ResourceRef[] WebhookConfigurations = [KnownResources.ValidatingWebhooks, KnownResources.MutatingWebhooks];

    private readonly ServerSideApply _apply = new(api, Deployed.FieldManager);

    public async Task RunAsync(CancellationToken term)
    {
        // The record of another leader must be known before it is written again.
        await record.Synced.WaitAsync(term).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var written = "";
        var owned = false;
        var failure = new LastFailure();
        while (!term.IsCancellationRequested)
        {
            try
            {
                owned = owned || await OwnWebhooksAsync(term);
                proofs.Observe();
                var data = Data();
                var text = data.ToJsonString();
                if (text != written)
                {
                    var key = new NamespacedName(profile.SystemNamespace, Names.StatusConfigMap);
                    await _apply.ApplyAsync(KnownResources.ConfigMaps, key, new JsonObject { ["data"] = data }, term);
                    written = text;
                }
                failure.Clear();
            }
            catch (Exception e) when (!term.IsCancellationRequested)
            {
                if (failure.IsNew(e.Message))
                    log.StatusNotWritten(Names.StatusConfigMap, e.Message);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            await Task.Delay(Interval, clock, term).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private JsonObject Data()
    {
        var proxies = new JsonArray([.. fleet.Current.Proxies.Select(p => (JsonNode)new JsonObject
        {
            ["pod"] = p.Pod,
            ["namespace"] = p.Namespace,
            ["build"] = p.Build,
            ["tableVersion"] = p.TableVersion,
            ["error"] = p.Error,
        })]);
        return new JsonObject
        {
            ["available"] = selfTest.Failure.Length == 0 ? "true" : "false",
            ["reason"] = selfTest.Failure,
            ["build"] = BuildInfo.Text,
            ["tableVersion"] = states.Current?.Table.Version ?? "",
            [Names.StatusProxiesKey] = proxies.ToJsonString(),
            [Names.StatusProvenImagesKey] = proofs.Record,
            [Names.StatusInjectionKey] = proofs.Waiting ?? "",
        };
    }

    /// <summary>
    /// Makes the webhook configurations belong to the operator's namespace: left behind, they would name webhooks that no longer respond.
    /// Returns false when the namespace or a configuration does not exist yet.
    /// </summary>
    private async Task<bool> OwnWebhooksAsync(CancellationToken ct)
    {
        if (await api.FindAsync(KnownResources.Namespaces, NamespacedName.ClusterScoped(profile.SystemNamespace), ct) is not { } ns)
            return false;
        var key = NamespacedName.ClusterScoped(profile.WebhookConfiguration);
        foreach (var resource in WebhookConfigurations)
        {
            if (await api.FindAsync(resource, key, ct) is null)
                return false;
            await _apply.ApplyAsync(resource, key, KubeYaml.Object($"""
                metadata:
                  ownerReferences:
                  - apiVersion: v1
                    kind: Namespace
                    name: {profile.SystemNamespace}
                    uid: {ns.Uid()}
                """), ct);
        }
        return true;
    }
}
