using Turnpike.Tests.Support.Kubernetes;

namespace Turnpike.Tests.Integration.Install;

/// <summary>turnpike uninstall against a real API server: what goes, what stays, and what is not ours to take.</summary>
public sealed class UninstallCommandTests(CleanApiServer server) : InstallationTests(server), IClassFixture<CleanApiServer>
{
    private const string ClusterKinds =
        "customresourcedefinitions,validatingwebhookconfigurations,mutatingwebhookconfigurations,clusterroles,clusterrolebindings,ingressclasses,namespaces";

    /// <summary>What operator and users make of an installation: rules, settings, state, the managed ingress, injected pods.</summary>
    private const string Made = """
        apiVersion: v1
        kind: Namespace
        metadata: {name: app}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: istio, namespace: istio-system}
        data: {mesh: "defaultRequestTimeout: 60s"}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: istio-inject, namespace: istio-system}
        data: {config: "policy: disabled"}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: turnpike-status, namespace: istio-system}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: turnpike-hosts.app, namespace: istio-system, labels: {turnpike.io/hosts-of: app}}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: istio-ca-root, namespace: istio-system}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: turnpike-ca, namespace: istio-system}
        ---
        apiVersion: coordination.k8s.io/v1
        kind: Lease
        metadata: {name: turnpike-operator, namespace: istio-system}
        ---
        apiVersion: networking.k8s.io/v1
        kind: IngressClass
        metadata: {name: istio}
        spec: {controller: turnpike.io/ingress-controller}
        ---
        apiVersion: v1
        kind: ServiceAccount
        metadata: {name: istio-ingress, namespace: istio-system, labels: {app.kubernetes.io/managed-by: turnpike}}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: istio-ingress, namespace: istio-system, labels: {app.kubernetes.io/managed-by: turnpike}}
        spec: {ports: [{port: 80}], selector: {istio: ingress}}
        ---
        """ + "\n" + ManagedIngress + "\n" + """
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: web, namespace: app, annotations: {sidecar.istio.io/status: "{}"}}
        spec: {automountServiceAccountToken: false, containers: [{name: web, image: a}, {name: istio-proxy, image: b}]}
        """;

    [Fact]
    public async Task RulesAndSettings_Stay()
    {
        await InstallAsync();
        var dry = await Turnpike("uninstall", "--dry-run");
        Assert.Contains("deployment.apps/turnpike-operator deleted (dry run)", dry.Lines);
        Assert.Equal(
            "deployment.apps/turnpike-operator\n",
            await Server.KubectlAsync(Cancelled, "get", "deployment", "turnpike-operator", "-n", "istio-system", "-o", "name"));

        var run = await Turnpike("uninstall");
        Assert.Equal(
            (0, "note: 1 pods keep their sidecar, with its current routes, until they are restarted: 1 in namespace app\n"),
            (run.ExitCode, run.Error));
        // Objects that could block other requests are deleted before the program that serves them.
        Assert.Equal(
            [
                "validatingwebhookconfiguration.admissionregistration.k8s.io/turnpike deleted",
                "mutatingwebhookconfiguration.admissionregistration.k8s.io/turnpike deleted",
                "deployment.apps/turnpike-operator deleted",
            ],
            run.Lines[..3]);
        Assert.StartsWith(
            "kept: route rules, ConfigMaps istio and istio-inject, IngressClass istio, ", run.Lines[^1], StringComparison.Ordinal);
        Assert.Equal(dry.Lines.Length, run.Lines.Length);
        Assert.Equal(
            [
                "customresourcedefinition.apiextensions.k8s.io/routerules.config.istio.io",
                "ingressclass.networking.k8s.io/istio",
                "namespace/istio-system",
            ],
            await OursAsync());
        Assert.Equal(
            ["configmap/istio", "configmap/istio-ca-root", "configmap/istio-inject", "configmap/turnpike-hosts.app", "secret/turnpike-ca"],
            await InSystemAsync());
        Assert.Equal(
            "defaultRequestTimeout: 60s",
            await Server.KubectlAsync(Cancelled, "get", "configmap", "istio", "-n", "istio-system", "-o", "jsonpath={.data.mesh}"));
        Assert.Equal(
            "httpbin",
            await Server.KubectlAsync(Cancelled, "get", "routerule", "httpbin-3s-rule", "-o", "jsonpath={.spec.destination.name}"));

        // A second time there is nothing left to do, and an installation finds what was kept.
        Assert.Equal("nothing of profile istio-2017 is installed", (await Turnpike("uninstall")).Lines[^1]);
        Assert.Equal(0, (await Turnpike("install")).ExitCode);
        Assert.Equal(
            "defaultRequestTimeout: 60s",
            await Server.KubectlAsync(Cancelled, "get", "configmap", "istio", "-n", "istio-system", "-o", "jsonpath={.data.mesh}"));
    }

    [Fact]
    public async Task Purge_NeedsAYes()
    {
        await InstallAsync();
        var before = await OursAsync();
        var unasked = await Turnpike("uninstall", "--purge");
        Assert.Equal((1, ""), (unasked.ExitCode, unasked.Output));
        Assert.StartsWith(
            "turnpike: --purge deletes 1 route rule and the settings of profile istio-2017 from https://",
            unasked.Error,
            StringComparison.Ordinal);
        Assert.EndsWith(": nothing was deleted; add --yes to confirm\n", unasked.Error, StringComparison.Ordinal);
        var refused = await Turnpike("no\n", ["uninstall", "--purge"]);
        Assert.Equal(1, refused.ExitCode);
        Assert.EndsWith("Type yes to continue: turnpike: nothing was deleted\n", refused.Error, StringComparison.Ordinal);
        Assert.Equal(before, await OursAsync());
        Assert.Equal(0, (await Turnpike("yes\n", ["uninstall", "--purge"])).ExitCode);
    }

    [Fact]
    public async Task Purge_LeavesNothing()
    {
        await InstallAsync();
        var run = await Turnpike("uninstall", "--purge", "--yes");
        Assert.Equal(0, run.ExitCode);
        Assert.EndsWith("namespace/istio-system deleted\n", run.Output, StringComparison.Ordinal);
        Assert.Empty(await OursAsync());
        Assert.Empty(await InSystemAsync());
    }

    [Fact]
    public async Task Purge_LeavesTheNamespaceToOthersInIt()
    {
        await InstallAsync();
        await Server.KubectlAsync(Cancelled, "create", "configmap", "theirs", "-n", "istio-system");
        await Server.KubectlAsync(Cancelled, "create", "serviceaccount", "theirs", "-n", "turnpike-self-test");
        var run = await Turnpike("uninstall", "--purge", "--yes");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("namespace/istio-system stays: it contains configmap/theirs\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("namespace/turnpike-self-test stays: it contains serviceaccount/theirs", run.Lines);
        Assert.Equal(["namespace/istio-system", "namespace/turnpike-self-test"], await OursAsync());
        Assert.Equal(["configmap/theirs"], await InSystemAsync());
    }

    [Fact]
    public async Task Namesakes_AreNotTaken()
    {
        await InstallAsync();
        await Server.KubectlAsync(
            Cancelled, "label", "service", "istio-ingress", "-n", "istio-system", "app.kubernetes.io/managed-by=Helm", "--overwrite");
        await Server.KubectlAsync(Cancelled, "delete", "ingressclass", "istio");
        (
            await Server.KubectlAsync(
                "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: istio}\nspec: {controller: "
                    + "istio.io/ingress-controller}",
                Cancelled,
                "apply",
                "-f",
                "-")).Expect();
        var run = await Turnpike("uninstall", "--purge", "--yes");
        Assert.Contains("service/istio-ingress stays: it is not ours", run.Lines);
        Assert.Contains("ingressclass.networking.k8s.io/istio stays: it is not ours", run.Lines);
        Assert.Contains("namespace/istio-system stays: it contains service/istio-ingress\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rules_StayForTheOtherProfile()
    {
        await InstallAsync();
        // kubectl applies the second profile without a check; turnpike install would refuse it.
        await Server.ApplyAsync(Cancelled, "-f", Path.Combine(ApiServer.Repository, "config", "standalone.yaml"));
        var run = await Turnpike("uninstall", "--profile", "istio-2017", "--purge", "--yes");
        Assert.Contains("the rules stay: profile standalone is installed too, in namespace turnpike-system", run.Lines);
        Assert.Equal(
            "httpbin",
            await Server.KubectlAsync(Cancelled, "get", "routerule", "httpbin-3s-rule", "-o", "jsonpath={.spec.destination.name}"));
        Assert.Contains(" unchanged", (await Turnpike("install", "--profile", "standalone")).Output, StringComparison.Ordinal);
    }

    /// <summary>The rule is made before the webhook, which no program serves here.</summary>
    private async Task InstallAsync()
    {
        await Server.ApplyAsync(Cancelled, "-f", Path.Combine(ApiServer.Repository, "config", "crds"));
        await Server.EstablishedAsync(Cancelled, "crd/routerules.config.istio.io");
        await Server.KubectlAsync(
            Cancelled, "apply", "-f", Path.Combine(ApiServer.Repository, "config", "samples", "httpbin-3s-rule.yaml"));
        var install = await Turnpike("install");
        Assert.Equal((0, ""), (install.ExitCode, install.Error));
        (await Server.KubectlAsync(Made, Cancelled, "apply", "-f", "-")).Expect();
    }

    private async Task<string[]> OursAsync()
    {
        await Server.FinalizeNamespacesAsync(Cancelled);
        var all = Lines(await Server.KubectlAsync(Cancelled, "get", ClusterKinds, "-o", "name"));
        return
        [
            .. all.Where(line => line.Contains("turnpike", StringComparison.Ordinal) || line.Contains("istio", StringComparison.Ordinal)),
        ];
    }

    private async Task<string[]> InSystemAsync() =>
        Lines(
            await Server.KubectlAsync(
                Cancelled,
                "get",
                "configmaps,secrets,deployments,services,serviceaccounts,roles,rolebindings,networkpolicies,leases,poddisruptionbudgets",
                "-n",
                "istio-system",
                "-o",
                "name"));
}
