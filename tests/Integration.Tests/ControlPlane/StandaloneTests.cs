using System.Text.Json;
using Turnpike.Cli;
using Turnpike.Hosting.Client;
using Turnpike.Tests.Integration.Install;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Kubernetes;

namespace Turnpike.Tests.Integration.ControlPlane;

/// <summary>The standalone profile beside a foreign mesh: all parts of the installation under names of its own.</summary>
[Collection<WithStandaloneOperator>]
public sealed class StandaloneTests(StandaloneFixture cluster)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task NothingOfTheForeignMesh_IsChanged_AndNothingOfOursHasItsNames()
    {
        await Wait.For(
            ct => cluster.KubectlAsync(ct, "get", "configmaps,ingressclasses,deployments", "-n", "turnpike-system", "-o", "name"),
            names =>
                new[]
                {
                    "configmap/turnpike\n",
                    "configmap/turnpike-inject\n",
                    "ingressclass.networking.k8s.io/turnpike\n",
                    "deployment.apps/turnpike-ingress\n",
                }.All(name => names.Contains(name, StringComparison.Ordinal)),
            "the objects that the operator makes");
        Assert.Equal(cluster.Before, await ForeignMesh.LookAsync(cluster, Cancelled));
        var named = await cluster.KubectlAsync(
            Cancelled, "get", "all,configmaps,serviceaccounts", "-n", "turnpike-system", "--show-labels", "--no-headers");
        Assert.DoesNotContain("istio", named.Replace("istio-2017", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(
            "",
            await cluster.KubectlAsync(
                Cancelled,
                "get",
                "namespace",
                "turnpike-system",
                "-o",
                "jsonpath={.metadata.labels.pod-security\\.kubernetes\\.io/enforce}"));
    }

    [Theory]
    [InlineData("", "", false)]
    [InlineData("turnpike.io/inject=true", "", true)]
    [InlineData("turnpike.io/inject=true", "annotations: {sidecar.turnpike.io/inject: \"false\"}", false)]
    [InlineData("turnpike.io/inject=false", "annotations: {turnpike.io/inject: \"true\"}", false)]
    [InlineData("", "annotations: {turnpike.io/inject: \"true\"}", true)]
    [InlineData("", "labels: {turnpike.io/inject: \"true\"}", true)]
    [InlineData("", "annotations: {sidecar.turnpike.io/inject: \"true\"}", true)]
    [InlineData("", "annotations: {sidecar.istio.io/inject: \"true\"}", false)]
    public async Task Pod_IsInjected_WhereItOrItsNamespaceAsks(string label, string metadata, bool isInjected)
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        if (label.Length > 0)
            await cluster.KubectlAsync(Cancelled, "label", "namespace", ns, label);
        var pod = $$"""
            apiVersion: v1
            kind: Pod
            metadata:
              generateName: web-
              {{metadata}}
            spec:
              serviceAccountName: default
              containers: [{name: app, image: "web:1"}]
            """;
        // The API server looks at namespaces through a cache of its own.
        var made = await Wait.For(
            async ct =>
                JsonElement.Parse(
                    (await cluster.KubectlAsync(pod, ct, "create", "--dry-run=server", "-n", ns, "-f", "-", "-o", "json")).Expect()),
            json => Containers(json).Contains("turnpike-proxy") == isInjected,
            isInjected ? "an injected pod" : "a pod without sidecar");
        Assert.DoesNotContain("istio", made.At("spec")!.Value.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ingress_OfClassTurnpike_IsJudgedAndHasAnAddress_AndThatOfIstioIsNot()
    {
        await cluster.Api.PatchAsync(
            Kind.Services,
            new("turnpike-system", "turnpike-ingress"),
            PatchKind.Merge,
            KubeObjects.Parse("""{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.10"}]}}}"""),
            new() { Subresource = "status" },
            Cancelled);
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        foreach (var name in (string[])["istio", "turnpike"])
        {
            var ingress = IngressAdmissionTests
                .Ingress(name, $"{name}.{ns}.example.com", "web", 80)
                .Replace("ingress.class: istio", $"ingress.class: {name}", StringComparison.Ordinal);
            (await cluster.KubectlAsync(ingress, Cancelled, "create", "-n", ns, "-f", "-")).Expect();
        }
        await Wait.For(
            ct => cluster.KubectlAsync(ct, "get", "ingress", "turnpike", "-n", ns, "-o", "jsonpath={.status.loadBalancer.ingress[*].ip}"),
            ip => ip == "192.0.2.10",
            "an address");
        Assert.Equal(
            "",
            await cluster.KubectlAsync(Cancelled, "get", "ingress", "istio", "-n", ns, "-o", "jsonpath={.status.loadBalancer.ingress}"));
        var refused = await cluster.KubectlAsync(
            OperatorFixture.RouteRule("bad", OperatorFixture.BadRoute), Cancelled, "create", "-n", ns, "-f", "-");
        Assert.Contains("weights must total 100", string.Join('\n', refused.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ManagedIngress_IsKeptAsItShallBe()
    {
        await cluster.KubectlAsync(Cancelled, "scale", "deployment", "turnpike-ingress", "-n", "turnpike-system", "--replicas=7");
        await Wait.For(
            ct =>
                cluster.KubectlAsync(
                    ct,
                    "get",
                    "deployment",
                    "turnpike-ingress",
                    "-n",
                    "turnpike-system",
                    "-o",
                    "jsonpath={.spec.replicas} {.spec.template.spec.containers[*].name}"),
            seen => seen == "2 turnpike-proxy",
            "2 replicas");
    }

    [Fact]
    public async Task Status_FindsTheProfile_AndSaysSo()
    {
        using StringWriter output = new(), error = new();
        await CommandLine.RunAsync(["status", "--kubeconfig", cluster.Kubeconfig], output, error, Cancelled);
        Assert.Contains(
            "note: the cluster has profile standalone: its operator is in namespace turnpike-system",
            error.ToString(),
            StringComparison.Ordinal);
        Assert.DoesNotContain(
            "istio",
            string.Join('\n', output.ToString().Split('\n').Where(line => line.Contains("operator", StringComparison.Ordinal))),
            StringComparison.Ordinal);
        Assert.Contains("2 of 2 configurations, 4 webhooks", output.ToString(), StringComparison.Ordinal);
    }

    private static IEnumerable<string?> Containers(JsonElement pod) =>
        new[] { pod.At("spec.containers"), pod.At("spec.initContainers") }
            .Where(list => list is not null).SelectMany(list => list!.Value.EnumerateArray()).Select(container => container.Text("name"));
}
