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

/// <summary>Writes what people ask for at a glance (`turnpike status`) to ConfigMap <c>turnpike-status</c>, and unhooks us when the namespace goes.</summary>
internal sealed class FleetStatusController(KubeApi api, Profile profile, DiscoveryStates states, FleetView fleet, SelfTest selfTest, ImageProofs proofs, Informer<OperatorHost.ProofRecord> record, ILogger<FleetStatusController> log, TimeProvider clock) : ILeaderTask
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly ResourceRef ConfigMaps = new("", "v1", "configmaps", "ConfigMap");
    private static readonly ResourceRef Namespaces = new("", "v1", "namespaces", "Namespace");
    private static readonly ResourceRef[] WebhookConfigurations =
    [
        new("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration"),
        new("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration"),
    ];

    private readonly ServerSideApply _apply = new(api, Deployed.FieldManager);

    public async Task RunAsync(CancellationToken term)
    {
        // What another leader wrote down must be known before it is written anew.
        await record.Synced.WaitAsync(term).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var written = "";
        var owned = false;
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
                    await _apply.ApplyAsync(ConfigMaps, new NamespacedName(profile.SystemNamespace, Names.StatusConfigMap), new JsonObject { ["data"] = data }, term);
                    written = text;
                }
            }
            catch (Exception e) when (!term.IsCancellationRequested)
            {
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

    /// <summary>The webhook configurations belong to our namespace, so that deleting it leaves no hook behind that nobody answers.</summary>
    private async Task<bool> OwnWebhooksAsync(CancellationToken ct)
    {
        var ns = await api.GetAsync(Namespaces, NamespacedName.ClusterScoped(profile.SystemNamespace), ct);
        foreach (var resource in WebhookConfigurations)
        {
            if (await api.FindAsync(resource, NamespacedName.ClusterScoped(profile.WebhookConfiguration), ct) is null)
                return false;
            await _apply.ApplyAsync(resource, NamespacedName.ClusterScoped(profile.WebhookConfiguration), KubeYaml.Object($"""
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
