using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Turnpike.Compiler;
using Turnpike.Discovery;
using Turnpike.Hosting.Admission;
using Turnpike.Routing;
using Turnpike.Tests.Unit.Compiler;
using Turnpike.Webhooks;
using Turnpike.Webhooks.Entities;
using Xunit;

namespace Turnpike.Tests.Unit.Webhooks;

public sealed class WebhookTests
{
    private const string Cluster = """
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: default}
        spec: {ports: [{name: http, port: 80}]}
        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: first, namespace: default, creationTimestamp: "2026-01-01T00:00:00Z", annotations: {kubernetes.io/ingress.class: istio}}
        spec: {rules: [{host: foo.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}
        """;

    private readonly DiscoveryStates _states = new();

    public WebhookTests()
    {
        var store = new ObjectStore();
        store.Put(Cluster);
        _states.Publish(new DiscoveryState(1, store.Snapshot().Snapshot, [], RouteTable.Empty, TableResources.None, []));
    }

    [Fact]
    public void BadRule_IsRefusedWithEveryFault()
    {
        var result = Webhook.Create(Rule("""{"destination":{"name":"web"},"route":[{"weight":60},{"weight":30}],"http_req_timout":{}}"""), dryRun: false);
        Assert.False(result.Valid);
        Assert.Equal(400, result.Status?.Code);
        Assert.Equal(
            "RouteRule \"rule\" is invalid: [spec.route: Invalid value: 90: weights must total 100, spec.http_req_timout: Forbidden: unknown field; did you mean \"http_req_timeout\"?]",
            result.Status?.Message);
    }

    [Fact]
    public void RuleForAMissingService_PassesWithAWarning()
    {
        var result = Webhook.Create(Rule("""{"destination":{"name":"gone"}}"""), dryRun: false);
        Assert.True(result.Valid);
        Assert.Contains("gone.default.svc.cluster.local", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void BadRule_MayBeDeletedAndFreedOfFinalizers()
    {
        const string bad = """{"route":[]}""";
        var deleting = Rule(bad);
        deleting.Metadata.DeletionTimestamp = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        Assert.True(Webhook.Delete(Rule(bad), dryRun: false).Valid);
        Assert.True(Webhook.Update(Rule(bad), Rule(bad), dryRun: false).Valid);
        Assert.True(Webhook.Update(Rule("{}"), deleting, dryRun: false).Valid);
        Assert.False(Webhook.Update(Rule("{}"), Rule(bad), dryRun: false).Valid);
    }

    [Fact]
    public async Task IngressOfOurs_IsCheckedAndWarnedAbout()
    {
        var response = await Ingress("istio", """[{"host":"foo.com","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"gone","port":{"number":80}}}}]}}]""");
        Assert.True(response.IsAllowed);
        Assert.Contains(response.Warnings, w => w.Contains("is taken by Ingress default/first", StringComparison.Ordinal));
        Assert.Contains(response.Warnings, w => w.Contains("no service \"gone\"", StringComparison.Ordinal));
        Assert.False((await Ingress("istio", """[{"host":"foo:80"}]""")).IsAllowed);
    }

    [Fact]
    public async Task IngressOfAnotherClass_IsNoneOfOurBusiness() =>
        Assert.True((await Ingress("nginx", """[{"host":"foo:80"}]""")).IsAllowed);

    [Fact]
    public async Task Pod_IsInjectedByTheNamespaceOfTheRequest()
    {
        var webhook = new InjectionWebhook(new InjectionSettings(NullLogger<InjectionSettings>.Instance));
        var pod = Json("""{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"web-"},"spec":{"containers":[{"name":"app","image":"x"}]}}""");
        var request = Request() with { Object = pod };
        var patch = (await webhook.ReviewAsync(request, CancellationToken.None)).Patch;
        Assert.Contains("istio-proxy", Encoding.UTF8.GetString(patch.Span), StringComparison.Ordinal);
        Assert.All(JsonNode.Parse(patch.Span)!.AsArray(), operation => Assert.Equal("add", (string?)operation!["op"]));
        Assert.True((await webhook.ReviewAsync(request with { Namespace = "kube-system" }, CancellationToken.None)).Patch.IsEmpty);
    }

    [Fact]
    public void BrokenSettings_LeaveTheLastGoodOnes()
    {
        var settings = new InjectionSettings(NullLogger<InjectionSettings>.Instance);
        settings.Take("policy: disabled");
        Assert.False(settings.Config.InjectsByDefault);
        settings.Take("policy: sometimes");
        Assert.False(settings.Config.InjectsByDefault);
        settings.Take(null);
        Assert.True(settings.Config.InjectsByDefault);
    }

    private RouteRuleWebhook Webhook => new(_states);

    private static V1Alpha2RouteRule Rule(string spec) => new() { Metadata = new() { Name = "rule", NamespaceProperty = "default" }, Spec = Json(spec) };

    private ValueTask<AdmissionResponse> Ingress(string ingressClass, string rules) => new IngressWebhook(_states).ReviewAsync(
        Request() with
        {
            Object = Json($$$"""{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"web","namespace":"default","annotations":{"kubernetes.io/ingress.class":"{{{ingressClass}}}"}},"spec":{"rules":{{{rules}}}}}"""),
            Kind = new AdmissionType("networking.k8s.io", "v1", "Ingress"),
            Resource = new AdmissionType("networking.k8s.io", "v1", "ingresses"),
            Name = "web",
        },
        CancellationToken.None);

    private static AdmissionRequest Request() => new()
    {
        Uid = "1",
        Operation = AdmissionOperation.Create,
        Kind = new AdmissionType("", "v1", "Pod"),
        Resource = new AdmissionType("", "v1", "pods"),
        Namespace = "default",
    };

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement.Clone();
}
