using System.Text.Json.Nodes;
using Turnpike.Hosting.Client;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Kubernetes;

namespace Turnpike.Tests.Integration.Install;

/// <summary>The manifests as users handle them.</summary>
[Collection<WithOwnApiServer>]
public sealed class InstallTests(OwnApiServer server)
{
    private static readonly ResourceRef Namespaces = new("", "v1", "namespaces", "Namespace");
    private static readonly string Manifest = Path.Combine(ApiServer.Repository, "config", "install.yaml");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Manifests_AreAppliedOnce_ChangeNothingAgain_AndLeaveNothingBehind()
    {
        // A rule of a user's, from before the webhook: it must not hold up what removes its kind.
        await server.ApplyAsync(Cancelled, "-f", Path.Combine(ApiServer.Repository, "config", "crds"));
        await server.EstablishedAsync(Cancelled, "crd", "--all");
        await server.KubectlAsync(
            Cancelled, "apply", "-f", Path.Combine(ApiServer.Repository, "config", "samples", "httpbin-3s-rule.yaml"));

        var version = await DefinitionVersionAsync();
        var first = Lines(await server.ApplyAsync(Cancelled, "-f", Manifest));
        Assert.All(first, line => Assert.EndsWith(IsDefinition(line) ? $" {Unchanged}" : " created", line, StringComparison.Ordinal));
        var again = Lines(await server.ApplyAsync(Cancelled, "-f", Manifest));
        Assert.All(again, line => Assert.EndsWith(IsDefinition(line) ? $" {Unchanged}" : " unchanged", line, StringComparison.Ordinal));
        Assert.Equal(version, await DefinitionVersionAsync());
        await ServerSideApplyFindsNothingElseAsync();
        var kustomized = Lines(await server.ApplyAsync(Cancelled, "-k", Path.Combine(ApiServer.Repository, "config")));
        Assert.Equal(again.Order(StringComparer.Ordinal), kustomized.Order(StringComparer.Ordinal));

        var deleting = server.KubectlAsync(Cancelled, "delete", "-f", Manifest);
        while (!deleting.IsCompleted)
        {
            await FinalizeNamespacesAsync();
            await Task.WhenAny(deleting, Wait.Lasting(TimeSpan.FromMilliseconds(50), Cancelled));
        }
        Assert.Equal(first.Length, Lines(await deleting).Length);
        var left = await server.KubectlAsync(
            Cancelled,
            "get",
            "customresourcedefinitions,validatingwebhookconfigurations,mutatingwebhookconfigurations,clusterroles,clusterrolebindings,ingressclasses,namespaces",
            "-o",
            "name");
        Assert.DoesNotContain(
            Lines(left), line => line.Contains("turnpike", StringComparison.Ordinal) || line.Contains("istio", StringComparison.Ordinal));
    }

    /// <summary>The word of kubectl when it sends CEL rules again that the server drops again: nothing changes.</summary>
    private string Unchanged => server.ChecksCel ? "unchanged" : "configured";

    private static bool IsDefinition(string line) => line.StartsWith("customresourcedefinition", StringComparison.Ordinal);

    private Task<string> DefinitionVersionAsync() =>
        server.KubectlAsync(
            Cancelled, "get", "crd", "routerules.config.istio.io", "-o", "jsonpath={.metadata.generation} {.metadata.resourceVersion}");

    /// <summary>
    /// What is generated, beside what the API server stores of it. Where it fills in a part of something that has one owner as a whole (a
    /// fieldRef, a
    /// selector, a list without keys), whoever applies the same file server-side has another value there: a conflict.
    /// </summary>
    private async Task ServerSideApplyFindsNothingElseAsync()
    {
        string[] folders = ["operator", "rbac", "webhooks", "crds"];
        // Up to 22 no definition with rules of CEL can be applied so.
        var files = folders[..(server.Minor < 23 ? 3 : 4)]
            .SelectMany(folder => (string[])["-f", Path.Combine(ApiServer.Repository, "config", folder)]);
        var lines = Lines(await server.ApplyAsync(Cancelled, ["--server-side", "--dry-run=server", "--field-manager=another", .. files]));
        Assert.All(lines, line => Assert.EndsWith(" serverside-applied (server dry run)", line, StringComparison.Ordinal));
    }

    /// <summary>The part of the controller that is not here: what a namespace holds does not matter to this test.</summary>
    private async Task FinalizeNamespacesAsync()
    {
        var all = await server.Api.ListAsync(Namespaces, ResourceQuery.All, item => JsonObject.Create(item.Clone())!, Cancelled);
        foreach (var ns in all.Items.Where(ns => ns["metadata"]!["deletionTimestamp"] is not null))
        {
            ns["spec"]!["finalizers"] = new JsonArray();
            await server.Api.ReplaceAsync(
                Namespaces,
                NamespacedName.ClusterScoped((string)ns["metadata"]!["name"]!),
                ns,
                new() { Subresource = "finalize" },
                Cancelled);
        }
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
