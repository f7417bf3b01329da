using System.Text.Json.Nodes;
using Turnpike.Hosting.Client;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Kubernetes;

namespace Turnpike.Tests.Integration.Install;

/// <summary>turnpike install and check against a real API server, beside kubectl and over what others have there.</summary>
public sealed class InstallCommandTests(CleanApiServer server) : InstallationTests(server), IClassFixture<CleanApiServer>
{
    /// <summary>The objects of an Istio in a cluster whose names meet those of 2017.</summary>
    private const string ForeignMesh = """
        apiVersion: v1
        kind: Namespace
        metadata: {name: istio-system, labels: {theirs: "yes"}}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: istiod, namespace: istio-system, labels: {app: istiod}}
        spec:
          selector: {matchLabels: {app: istiod}}
          template:
            metadata: {labels: {app: istiod}}
            spec: {containers: [{name: discovery, image: example.com/pilot}]}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: istio, namespace: istio-system}
        data: {mesh: "trustDomain: corp.example.com\nrootNamespace: istio-system\ndefaultConfig: {discoveryAddress: istiod}\n"}
        ---
        apiVersion: networking.k8s.io/v1
        kind: IngressClass
        metadata: {name: istio}
        spec: {controller: istio.io/ingress-controller}
        ---
        apiVersion: admissionregistration.k8s.io/v1
        kind: MutatingWebhookConfiguration
        metadata: {name: istio-sidecar-injector}
        webhooks:
        - name: sidecar-injector.istio.io
          clientConfig: {service: {name: istiod, namespace: istio-system, path: /inject}}
          rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
          failurePolicy: Ignore
          sideEffects: None
          admissionReviewVersions: [v1]
          namespaceSelector: {matchLabels: {istio-injection: enabled}}
        """;

    [Theory]
    [InlineData("istio-2017", "install.yaml")]
    [InlineData("standalone", "standalone.yaml")]
    public async Task Installation_GoesOnWithEitherTool(string profile, string file)
    {
        var manifest = Path.Combine(ApiServer.Repository, "config", file);
        var first = await Turnpike("install", "--profile", profile);
        Assert.Equal((0, ""), (first.ExitCode, first.Error));
        Assert.All(first.Lines[..^1], line => Assert.EndsWith(" created", line, StringComparison.Ordinal));
        Assert.StartsWith("Turnpike is installed in namespace ", first.Lines[^1], StringComparison.Ordinal);
        Assert.Contains($", profile {profile};", first.Lines[^1], StringComparison.Ordinal);
        await Unchanged();

        // On the client's side, where kubectl must know what was applied before, and on the server's, where field managers meet.
        // An old API server drops rules of CEL, and kubectl sends them again each time.
        var documents = (await File.ReadAllTextAsync(manifest, Cancelled)).Split("\n---\n");
        var text = string.Join(
            "\n---\n",
            documents.Where(document =>
                Server.Minor >= 23 || !document.Contains("kind: CustomResourceDefinition", StringComparison.Ordinal)));
        var applied = await Server.KubectlAsync(text, Cancelled, "apply", "-f", "-");
        Assert.Equal("", applied.Error);
        Assert.All(Lines(applied.Expect()), line => Assert.EndsWith(" unchanged", line, StringComparison.Ordinal));
        await Unchanged();
        (await Server.KubectlAsync(text, Cancelled, "apply", "--server-side", "-f", "-")).Expect();
        await Turnpike("install", "--profile", profile);
        await Unchanged();

        async Task Unchanged()
        {
            var again = await Turnpike("install", "--profile", profile);
            Assert.Equal((0, ""), (again.ExitCode, again.Error));
            Assert.All(again.Lines[..^1], line => Assert.EndsWith(" unchanged", line, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task WhatANewerFileNoLongerHas_GoesAway_WhicheverToolAppliesIt()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(ApiServer.Repository, "config", "install.yaml"), Cancelled);
        const string Port = "  - name: https-webhooks\n    port: 443\n";
        var older = text.Replace(Port, "  - name: old\n    protocol: TCP\n    port: 1234\n" + Port, StringComparison.Ordinal);
        Assert.NotEqual(text, older);

        await ApplyAsync(older);
        Assert.Contains("old", await Ports(), StringComparison.Ordinal);
        var upgrade = await Turnpike("install");
        Assert.Equal((0, ""), (upgrade.ExitCode, upgrade.Error));
        Assert.Equal(
            ["service/turnpike-operator configured"],
            upgrade.Lines.Where(line =>
                line.EndsWith(" configured", StringComparison.Ordinal)
                && !line.StartsWith("customresourcedefinition", StringComparison.Ordinal)));
        Assert.DoesNotContain("old", await Ports(), StringComparison.Ordinal);

        // And back: kubectl compares with the annotation that install keeps.
        await ApplyAsync(older);
        await Turnpike("install");
        await ApplyAsync(
            text.Replace(
                "  - name: grpc-discovery\n    port: 15010\n    targetPort: 15010\n    protocol: TCP\n", "", StringComparison.Ordinal));
        Assert.Equal("https-webhooks", await Ports());

        async Task ApplyAsync(string manifest) =>
            (
                await Server.KubectlAsync(
                    manifest,
                    Cancelled,
                    ["apply", .. Server.Minor < 23 ? ["--validate=false"] : Array.Empty<string>(), "-f", "-"])).Expect();

        Task<string> Ports() =>
            Server.KubectlAsync(
                Cancelled, "get", "service", "turnpike-operator", "-n", "istio-system", "-o", "jsonpath={.spec.ports[*].name}");
    }

    [Fact]
    public async Task CaBundle_AndSettingsOfOthers_SurviveAnUpgrade()
    {
        await Turnpike("install");
        await Server.KubectlAsync(Cancelled, "annotate", "namespace", "istio-system", "theirs=kept");
        await Server.KubectlAsync(Cancelled, "label", "service", "turnpike-operator", "-n", "istio-system", "theirs=kept");
        var bundle = Convert.ToBase64String("not a certificate"u8);
        await Server.KubectlAsync(
            Cancelled,
            "patch",
            "validatingwebhookconfiguration",
            "turnpike",
            "--type=json",
            "-p",
            $$"""[{"op":"add","path":"/webhooks/0/clientConfig/caBundle","value":"{{bundle}}"}]""");
        (
            await Server.KubectlAsync(
                "kind: ConfigMap\napiVersion: v1\nmetadata: {name: istio, namespace: istio-system}\ndata: {mesh: "
                    + "\"defaultRequestTimeout: 60s\"}",
                Cancelled,
                "apply",
                "-f",
                "-")).Expect();
        Assert.Equal(0, (await Turnpike("install")).ExitCode);
        Assert.Equal(
            "kept",
            await Server.KubectlAsync(Cancelled, "get", "namespace", "istio-system", "-o", "jsonpath={.metadata.annotations.theirs}"));
        Assert.Equal(
            "kept",
            await Server.KubectlAsync(
                Cancelled, "get", "service", "turnpike-operator", "-n", "istio-system", "-o", "jsonpath={.metadata.labels.theirs}"));
        Assert.Equal(
            bundle,
            await Server.KubectlAsync(
                Cancelled, "get", "validatingwebhookconfiguration", "turnpike", "-o", "jsonpath={.webhooks[0].clientConfig.caBundle}"));
        Assert.Equal(
            "defaultRequestTimeout: 60s",
            await Server.KubectlAsync(Cancelled, "get", "configmap", "istio", "-n", "istio-system", "-o", "jsonpath={.data.mesh}"));
    }

    [Fact]
    public async Task ForeignMesh_IsLeftAlone_WithEveryReasonAndTheWayOut()
    {
        (await Server.KubectlAsync(ForeignMesh, Cancelled, "apply", "-f", "-")).Expect();
        var before = await EverythingAsync();
        var refused = await Turnpike("install");
        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.Equal(
            [
                "turnpike: nothing was installed:",
                "  mesh: Deployment istio-system/istiod is the control plane of another mesh",
                "  mesh: MutatingWebhookConfiguration istio-sidecar-injector of another mesh changes pods",
                "  names: ConfigMap istio-system/istio has settings that are not Turnpike's: trustDomain, rootNamespace",
                "  names: IngressClass istio belongs to controller istio.io/ingress-controller, not to turnpike.io/ingress-controller",
                "  what to do: turnpike install --profile standalone installs under names of its own, beside the existing mesh",
            ],
            refused.ErrorLines);
        Assert.Equal(before, await EverythingAsync());

        var check = await Turnpike("check");
        Assert.Equal(1, check.ExitCode);
        Assert.Contains(
            "mesh          problem  another mesh is here\n  ! Deployment istio-system/istiod is", check.Output, StringComparison.Ordinal);
        Assert.Contains("  > turnpike install --profile standalone", check.Output, StringComparison.Ordinal);

        var beside = await Turnpike("install", "--profile", "standalone");
        Assert.Equal((0, ""), (beside.ExitCode, beside.Error));
        Assert.Equal(before, await EverythingAsync());
        Assert.Contains(
            "beside another mesh: Deployment istio-system/istiod",
            (await Turnpike("check", "--profile", "standalone")).Output,
            StringComparison.Ordinal);
        Assert.Equal(0, (await Turnpike("uninstall", "--profile", "standalone", "--purge", "--yes")).ExitCode);
        Assert.Equal(before, await EverythingAsync());

        // All that is theirs, to the letter.
        async Task<string> EverythingAsync() =>
            await Server.KubectlAsync(
                Cancelled,
                "get",
                "namespace/istio-system",
                "ingressclass/istio",
                "mutatingwebhookconfiguration/istio-sidecar-injector",
                "-o",
                "yaml")
            + await Server.KubectlAsync(
                Cancelled, "get", "configmaps,deployments,services,roles,networkpolicies", "-n", "istio-system", "-o", "yaml");
    }

    [Theory]
    [InlineData(
        "kind: CustomResourceDefinition\napiVersion: apiextensions.k8s.io/v1\nmetadata: {name: routerules.config.istio.io, "
            + "annotations: {api-approved.kubernetes.io: unapproved}}\n"
            + "spec: {group: config.istio.io, scope: Namespaced, names: {kind: RouteRule, plural: routerules}, versions: [{name: v1alpha2, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]}",
        "names: CustomResourceDefinition routerules.config.istio.io is another product's: its schema is not Turnpike's")]
    [InlineData(
        "kind: ValidatingWebhookConfiguration\napiVersion: admissionregistration.k8s.io/v1\nmetadata: {name: turnpike}\n"
            + "webhooks: [{name: a.example.com, failurePolicy: Ignore, sideEffects: None, admissionReviewVersions: [v1], clientConfig: {service: {name: toll, namespace: road}}}]",
        "names: ValidatingWebhookConfiguration turnpike calls Service road/toll, not istio-system/turnpike-operator")]
    [InlineData(
        "kind: Service\napiVersion: v1\nmetadata: {name: istio-ingress, namespace: istio-system}\nspec: {ports: [{port: 80}]}",
        "names: Service istio-system/istio-ingress was not created by the operator, which needs the name for its ingress")]
    [InlineData(
        "kind: ConfigMap\napiVersion: v1\nmetadata: {name: istio-inject, namespace: istio-system, labels: {istio.io/rev: default}}",
        "names: ConfigMap istio-system/istio-inject is another mesh's: it has label istio.io/rev")]
    public async Task Namesake_IsLeftAlone(string theirs, string reason)
    {
        (
            await Server.KubectlAsync(
                "kind: Namespace\napiVersion: v1\nmetadata: {name: istio-system}\n---\n" + theirs, Cancelled, "apply", "-f", "-")).Expect();
        var refused = await Turnpike("install");
        Assert.Equal(1, refused.ExitCode);
        Assert.Equal($"  {reason}", refused.ErrorLines[1]);
        Assert.StartsWith("  what to do: ", refused.ErrorLines[2], StringComparison.Ordinal);
        Assert.Equal(3, refused.ErrorLines.Length);
    }

    [Fact]
    public async Task Rights_AreAskedForFirst()
    {
        await Server.KubectlAsync(Cancelled, "create", "namespace", "app");
        await Server.KubectlAsync(Cancelled, "create", "serviceaccount", "reader", "-n", "app");
        (
            await Server.KubectlAsync(
                "kind: ClusterRole\napiVersion: rbac.authorization.k8s.io/v1\nmetadata: {name: reader}\nrules: [{apiGroups: ['*'], "
                    + "resources: ['*'], verbs: [get, list, watch]}]",
                Cancelled,
                "apply",
                "-f",
                "-")).Expect();
        await Server.KubectlAsync(
            Cancelled, "create", "clusterrolebinding", "reader", "--clusterrole=reader", "--serviceaccount=app:reader");
        var token = await Server.Api.CreateAsync(
            new("", "v1", "namespaces/app/serviceaccounts/reader/token", "TokenRequest"),
            "",
            JsonNode.Parse("""{"spec": {}}""")!,
            WriteOptions.Default,
            Cancelled);
        var reader = await Server.KubeconfigAsync(token: token.TextAt("status.token"));
        var refused = await Turnpike("install", "--kubeconfig", reader);
        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.Equal("turnpike: nothing was installed:", refused.ErrorLines[0]);
        Assert.Contains("  rights: you may not create, patch namespaces", refused.ErrorLines);
        Assert.Contains("  rights: you may not create, patch deployments.apps in namespace istio-system", refused.ErrorLines);
        Assert.Equal(
            "  what to do: ask an administrator of the cluster to install, or use the kubeconfig of one with --kubeconfig FILE",
            refused.ErrorLines[^1]);
        // A user without read permission must not be told that all is well.
        await Server.KubectlAsync(Cancelled, "delete", "clusterrolebinding", "reader");
        var blind = await Wait.For(
            _ => Turnpike("install", "--kubeconfig", reader),
            run => run.Error.Contains("cannot be checked", StringComparison.Ordinal),
            "a refusal");
        Assert.Contains(
            blind.ErrorLines,
            line => line.StartsWith("  mesh: cannot be checked: deployments.apps is forbidden", StringComparison.Ordinal));
        Assert.Equal(3, (await Turnpike("status", "--kubeconfig", reader)).ExitCode);
    }

    [Fact]
    public async Task Admission_ThatWouldEndItHalfWay_IsFoundBeforeItBegins()
    {
        // The role of a binding never changes.
        await Server.KubectlAsync(Cancelled, "create", "namespace", "istio-system");
        await Server.KubectlAsync(
            Cancelled,
            "create",
            "rolebinding",
            "turnpike-operator",
            "--role=another",
            "--serviceaccount=istio-system:a",
            "-n",
            "istio-system");
        var refused = await Turnpike("install");
        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("turnpike: nothing was installed:", refused.ErrorLines[0], StringComparison.Ordinal);
        Assert.Contains(
            refused.ErrorLines,
            line => line.StartsWith("  admission: RoleBinding istio-system/turnpike-operator: ", StringComparison.Ordinal));
        Assert.Equal("", await Server.KubectlAsync(Cancelled, "get", "clusterroles", "turnpike-operator", "--ignore-not-found"));
    }

    /// <summary>Two operators would write the conditions of each rule in turn.</summary>
    [Fact]
    public async Task OtherProfile_IsNotJoined()
    {
        Assert.Equal(0, (await Turnpike("install")).ExitCode);
        var refused = await Turnpike("install", "--profile", "standalone");
        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.Contains(
            "  profiles: profile istio-2017 is installed in namespace istio-system, and both would write the conditions of every route "
                + "rule",
            refused.ErrorLines);
        Assert.Contains(
            refused.ErrorLines, line => line.StartsWith("  what to do: turnpike uninstall --profile istio-2017", StringComparison.Ordinal));
        Assert.Equal("", await Server.KubectlAsync(Cancelled, "get", "namespaces", "turnpike-system", "--ignore-not-found"));
    }

    [Fact]
    public async Task DryRun_SaysWhatWouldChange_AndChangesNothing()
    {
        var dry = await Turnpike("install", "--dry-run");
        Assert.Equal((0, ""), (dry.ExitCode, dry.Error));
        Assert.Contains("deployment.apps/turnpike-operator created (dry run)", dry.Lines);
        Assert.All(dry.Lines, line => Assert.EndsWith(" created (dry run)", line, StringComparison.Ordinal));
        Assert.Equal("", await Server.KubectlAsync(Cancelled, "get", "namespace", "istio-system", "--ignore-not-found"));
        await Turnpike("install");
        await Server.KubectlAsync(Cancelled, "scale", "deployment", "turnpike-operator", "-n", "istio-system", "--replicas=1");
        dry = await Turnpike("install", "--dry-run");
        Assert.Equal(
            ["deployment.apps/turnpike-operator configured (dry run)"],
            dry.Lines.Where(line => !line.EndsWith(" unchanged (dry run)", StringComparison.Ordinal)));
        Assert.Equal(
            "1",
            await Server.KubectlAsync(
                Cancelled, "get", "deployment", "turnpike-operator", "-n", "istio-system", "-o", "jsonpath={.spec.replicas}"));
    }

    [Fact]
    public async Task Wait_TellsHowFarItIs_AndWhyNot()
    {
        var late = await Turnpike("install", "--wait", "--timeout", "1s");
        Assert.Equal(1, late.ExitCode);
        Assert.EndsWith("0 s operator 0 of 2 ready; ingress does not exist yet", late.ErrorLines[0], StringComparison.Ordinal);
        Assert.StartsWith(
            "turnpike: not ready after 1 s: operator 0 of 2 ready; ingress does not exist yet; ", late.ErrorLines[^1], StringComparison.Ordinal);

        var waiting = Turnpike("install", "--wait", "--timeout", "30s");
        await SetReadyAsync("turnpike-operator", 2);
        Assert.False(waiting.IsCompleted);
        (await Server.KubectlAsync(ManagedIngress, Cancelled, "apply", "-f", "-")).Expect();
        await SetReadyAsync("istio-ingress", 1);
        var done = await waiting;
        Assert.Equal(0, done.ExitCode);
        Assert.EndsWith(" operator 2 of 2 ready; ingress 1 of 1 ready", done.ErrorLines[^1], StringComparison.Ordinal);
        Assert.Contains("Turnpike is installed in namespace istio-system", done.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_LooksAtTheInstallationWhereThereIsOne()
    {
        var before = await Turnpike("check");
        Assert.Equal((0, ""), (before.ExitCode, before.Error));
        Assert.Contains("names         ok       free or ours\n", before.Output, StringComparison.Ordinal);
        Assert.Contains("admission     ok       ", before.Output, StringComparison.Ordinal);
        Assert.Contains(
            "operator      ok       not installed in namespace istio-system; turnpike install installs it\n",
            before.Output,
            StringComparison.Ordinal);
        await Turnpike("install");
        var after = await Turnpike("check", "-o", "json");
        Assert.Equal(1, after.ExitCode);
        var parts = JsonNode.Parse(after.Output)!["parts"]!.AsArray();
        Assert.Equal(
            [("kubernetes", "ok"), ("mesh", "ok"), ("profiles", "ok"), ("names", "ok"), ("operator", "problem"), ("webhooks", "problem")],
            parts.Take(6).Select(part => ((string)part!["name"]!, (string)part["state"]!)));
        Assert.Equal(3, (await Turnpike("check", "--kubeconfig", await Server.KubeconfigAsync(new Uri("https://127.0.0.1:1")))).ExitCode);
    }

    private Task<System.Text.Json.JsonElement> SetReadyAsync(string deployment, int replicas) =>
        Server.Api.PatchAsync(
            Kind.Deployments,
            new("istio-system", deployment),
            PatchKind.Merge,
            JsonNode.Parse(
                $$"""{"status": {"observedGeneration": 9, "replicas": {{replicas}}, "updatedReplicas": {{replicas}}, "readyReplicas": {{replicas}}, "availableReplicas": {{replicas}} } }"""
            )!,
            new() { Subresource = "status" },
            Cancelled);
}
