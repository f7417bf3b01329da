using System.Text.Json.Nodes;
using Turnpike.Hosting.Client;
using Turnpike.Tests.Support.Kubernetes;

namespace Turnpike.Tests.Integration.Install;

/// <summary>
/// An API server that can be cleared of every installation. No controller runs beside it, so what a namespace holds outlives the namespace
/// until a user deletes it.
/// </summary>
public sealed class CleanApiServer : ApiServer
{
    private const string KindsOfNamespaces =
        "deployments,services,configmaps,secrets,serviceaccounts,roles,rolebindings,networkpolicies,leases,poddisruptionbudgets,pods";

    private static readonly ResourceRef Namespaces = new("", "v1", "namespaces", "Namespace");
    private static readonly string[] Ours =
    [
        "istio-system",
        "turnpike-system",
        "turnpike-self-test",
        "turnpike-standalone-self-test",
        "app",
    ];

    /// <summary>Deletes whatever any test of an installation makes.</summary>
    public async Task ClearAsync(CancellationToken ct)
    {
        await KubectlAsync(ct, "delete", "validatingwebhookconfigurations,mutatingwebhookconfigurations,ingressclasses", "--all");
        await KubectlAsync(ct, "delete", "--ignore-not-found", "customresourcedefinition/routerules.config.istio.io");
        foreach (var kind in (string[])["clusterroles", "clusterrolebindings"])
            await KubectlAsync(ct, "delete", "--ignore-not-found", kind, "turnpike-operator", "turnpike-standalone-operator", "reader");
        foreach (var ns in Ours)
        {
            await KubectlAsync(ct, "delete", KindsOfNamespaces, "--all", "-n", ns, "--force", "--grace-period=0");
            await KubectlAsync(ct, "delete", "namespace", ns, "--ignore-not-found", "--wait=false");
        }
        await FinalizeNamespacesAsync(ct);
    }

    /// <summary>Finalizes namespaces as the namespace controller does once they are empty.</summary>
    public async Task FinalizeNamespacesAsync(CancellationToken ct)
    {
        var all = await Api.ListAsync(Namespaces, ResourceQuery.All, item => JsonObject.Create(item.Clone())!, ct);
        foreach (var ns in all.Items.Where(ns => ns["metadata"]!["deletionTimestamp"] is not null))
        {
            ns["spec"]!["finalizers"] = new JsonArray();
            await Api.ReplaceAsync(
                Namespaces, NamespacedName.ClusterScoped((string)ns["metadata"]!["name"]!), ns, new() { Subresource = "finalize" }, ct);
        }
    }

    protected override Task PrepareAsync() => Task.CompletedTask;
}
