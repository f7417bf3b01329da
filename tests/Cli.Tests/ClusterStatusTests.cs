using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace Turnpike.Tests.Cli;

/// <summary>status against an API server that has an installation, whole or with something amiss.</summary>
public sealed class ClusterStatusTests : ClusterFixture
{
    private const string Deployments = "apps/v1/deployments";
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private const string Ingresses = "networking.k8s.io/v1/ingresses";
    private const string InForce = """
        {"observedGeneration": 2, "conditions": [
          {"type": "Accepted", "status": "True", "reason": "Valid", "message": ""},
          {"type": "Programmed", "status": "True", "reason": "InForce", "message": ""}]}
        """;

    [Fact]
    public async Task Whole_IsHealthy()
    {
        Install();
        var run = await Turnpike("status");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(
            $"""
            operator      ok       2/2 ready, version 0.1.0
            webhooks      ok       2 of 2 configurations, 2 webhooks
            certificates  ok       webhook authority until {Day(90)}
            proxies       ok       1/1 ingress proxies ready, 1 sidecars connected
              POD                            NODE      READY     BUILD     TABLE
              istio-system/istio-ingress-1   node1     yes       0.1.0     42
            rules         ok       1 of 1 route rules in force
            ingresses     ok       1 of 1 have an address
            no problems

            """,
            run.Output);
    }

    [Fact]
    public async Task Nothing_IsSaidPartByPart()
    {
        var run = await Istioctl("status");
        Assert.Equal((255, ""), (run.ExitCode, run.Error));
        Assert.Contains(
            "operator      problem  not installed\n  ! there is no Deployment istio-system/turnpike-operator\n",
            run.Output,
            StringComparison.Ordinal);
        Assert.Contains("  ! there is no MutatingWebhookConfiguration turnpike\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("certificates  unknown  no CA bundle to read\n", run.Output, StringComparison.Ordinal);
        Assert.Contains(
            "  ! no pod of namespace istio-system has the label istio=ingress: nothing receives traffic\n",
            run.Output,
            StringComparison.Ordinal);
        Assert.EndsWith(" problems, 1 part not known\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Operator_SaysWhatItLacks()
    {
        Install();
        PutOperator(ready: 1, available: "False");
        await Expect(
            "operator      problem  1/2 ready, version 0.1.0\n  ! 1 of 2 replicas are ready\n  ! it is not available: Deployment does "
                + "not have minimum availability\n");
    }

    [Fact]
    public async Task Webhook_NeedsACaBundle()
    {
        Install();
        PutWebhooks("mutating", "");
        await Expect("  ! MutatingWebhookConfiguration rules.turnpike.io has no CA bundle\n");
    }

    [Theory]
    [InlineData(-1, "every authority has expired, the last on {0}: the API server does not trust our webhooks")]
    [InlineData(3, "the authority expires on {0} and has not been renewed")]
    public async Task Certificate_IsToBeRenewedInTime(int days, string message)
    {
        Install();
        PutWebhooks("validating", Bundle(days));
        await Expect($"  ! {string.Format(System.Globalization.CultureInfo.InvariantCulture, message, Day(days))}\n");
    }

    [Fact]
    public async Task Proxies_SayWhichIsNotReadyAndWhyATableWasRefused()
    {
        Install();
        PutPod("istio-ingress-2", "False");
        PutTables(
            """[{"pod": "web-1", "namespace": "default", "build": "0.1.0", "tableVersion": "41", "error": "table has no listener"}]""");
        await Expect("  ! pod istio-system/istio-ingress-2 is not ready: Running\n  ! pod default/web-1: table has no listener\n");
    }

    [Fact]
    public async Task Proxies_SayWhyNoPodGetsASidecar()
    {
        Install();
        Api.Put(
            "v1/configmaps",
            "istio-system",
            "turnpike-status",
            new JsonObject
            {
                ["data"] = new JsonObject { ["proxies"] = "[]", ["injection"] = "ImageNotProven: why" },
            });
        await Expect("  ! no pod gets a sidecar: ImageNotProven: why\n");
    }

    [Fact]
    public async Task TableVersion_IsUnknown_WhenTheOperatorHasWrittenNone()
    {
        Install();
        Api.Remove("v1/configmaps", "istio-system", "turnpike-status");
        var run = await Turnpike("status");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("1/1 ingress proxies ready, table versions unknown\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("  istio-system/istio-ingress-1   node1     yes       unknown   unknown\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rules_SayWhyTheyAreNotInForce()
    {
        Install();
        PutRule(
            "refused",
            status: """{"observedGeneration": 2, "conditions": [{"type": "Accepted", "status": "False", "reason": "NotAllowed", "message": "shop owns the service"}]}"""
        );
        PutRule("stale", "other", InForce.Replace(": 2", ": 1", StringComparison.Ordinal));
        await Expect(
            "rules         problem  1 of 3 route rules in force\n"
            + "  ! route-rule/default/refused: Accepted is False (NotAllowed): shop owns the service\n"
            + "  ! route-rule/other/stale: the control plane has not reported its status\n");
        Assert.Contains("1 of 1 route rules in force", (await Turnpike("status", "-n", "shop")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ingresses_OfOurClassNeedAnAddress()
    {
        Install();
        PutIngress("mine", "istio", "");
        PutIngress("theirs", "nginx", "");
        await Expect("ingresses     problem  1 of 2 have an address\n  ! Ingress shop/mine has no address\n1 problem\n");
    }

    [Fact]
    public async Task Json_SaysTheSame()
    {
        Install();
        PutIngress("mine", "istio", "");
        var run = await Turnpike("status", "-o", "json");
        Assert.Equal(1, run.ExitCode);
        var json = JsonNode.Parse(run.Output)!;
        Assert.False((bool)json["healthy"]!);
        Assert.Equal(
            ["operator", "webhooks", "certificates", "proxies", "rules", "ingresses"],
            json["parts"]!.AsArray().Select(part => (string)part!["name"]!));
        Assert.Equal(["ok", "ok", "ok", "ok", "ok", "problem"], json["parts"]!.AsArray().Select(part => (string)part!["state"]!));
        Assert.Equal("42", (string?)json["parts"]![3]!["items"]![0]!["table"]);
        Assert.Equal("Ingress shop/mine has no address", (string?)json["parts"]![5]!["problems"]![0]);
    }

    [Fact]
    public async Task Forbidden_IsUnknownAndHidesNothingElse()
    {
        Install();
        Api.Faults = request =>
            request.Path.Contains("webhookconfigurations", StringComparison.Ordinal) ? new(403, null, "webhooks are forbidden") : null;
        var run = await Turnpike("status");
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("webhooks      unknown  webhooks are forbidden\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("operator      ok ", run.Output, StringComparison.Ordinal);
        Assert.EndsWith("no problems, 2 parts not known\n", run.Output, StringComparison.Ordinal);
        PutOperator(ready: 1, available: "True");
        Assert.Equal(1, (await Turnpike("status")).ExitCode);
    }

    [Fact]
    public async Task Cluster_ThatCannotBeAsked_IsNotAProblemOfTheInstallation()
    {
        Assert.Equal(3, (await CliRun.Of("status")).ExitCode);
        Assert.Equal(3, (await Turnpike("status", "-c", WriteKubeconfig("nobody", new Uri("http://127.0.0.1:1")))).ExitCode);
        Assert.Equal(255, (await Istioctl("status", "-c", WriteKubeconfig("nobody", new Uri("http://127.0.0.1:1")))).ExitCode);
    }

    private async Task Expect(string text)
    {
        var run = await Turnpike("status");
        Assert.Equal((1, ""), (run.ExitCode, run.Error));
        Assert.Contains(text, run.Output, StringComparison.Ordinal);
    }

    private void Install()
    {
        PutOperator(ready: 2, available: "True");
        PutWebhooks("validating", Bundle(90));
        PutWebhooks("mutating", Bundle(90));
        PutPod("istio-ingress-1", "True");
        PutTables("""
            [{"pod": "istio-ingress-1", "namespace": "istio-system", "build": "0.1.0", "tableVersion": 42, "error": ""},
             {"pod": "web-1", "namespace": "default", "build": "0.1.0", "tableVersion": 42}]
            """);
        PutRule("good", "shop", InForce);
        PutIngress("web", "istio", """{"ip": "192.0.2.1"}""");
    }

    private void PutOperator(int ready, string available) => Api.Put(Deployments, "istio-system", "turnpike-operator", Json($$"""
        {
          "spec": {"replicas": 2, "template": {"spec": {"containers": [{"image": "registry:5000/turnpike/operator:0.1.0"}]} } },
          "status": {"readyReplicas": {{ready}}, "conditions": [
            {"type": "Available", "status": "{{available}}", "message": "Deployment does not have minimum availability"}]}
        }
        """));

    private void PutWebhooks(string type, string bundle) =>
        Api.Put(
            $"admissionregistration.k8s.io/v1/{type}webhookconfigurations",
            "",
            "turnpike",
            Json(
                $$"""
                {"webhooks": [{"name": "rules.turnpike.io", "failurePolicy": "Fail", "clientConfig": {"caBundle": "{{bundle}}"} }]}
                """));

    private void PutPod(string name, string ready) => Api.Put("v1/pods", "istio-system", name, Json($$"""
        {
          "metadata": {"labels": {"istio": "ingress"} },
          "spec": {"nodeName": "node1"},
          "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "{{ready}}"}]}
        }
        """));

    private void PutTables(string list) =>
        Api.Put("v1/configmaps", "istio-system", "turnpike-status", new JsonObject { ["data"] = new JsonObject { ["proxies"] = list } });

    private void PutIngress(string name, string ingressClass, string address) => Api.Put(Ingresses, "shop", name, Json($$"""
        {
          "metadata": {"annotations": {"kubernetes.io/ingress.class": "{{ingressClass}}"} },
          "status": {"loadBalancer": {"ingress": [{{address}}]} }
        }
        """));

    private static string Bundle(int days)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=turnpike-ca", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(Now.AddDays(-100), Now.AddDays(days));
        return Convert.ToBase64String(Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()));
    }

    private static string Day(int days) => Now.AddDays(days).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
}
