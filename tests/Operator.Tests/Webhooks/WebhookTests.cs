using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using KubeOps.Operator.Web.Webhooks.Admission.Validation;
using Microsoft.Extensions.Logging.Abstractions;
using Turnpike.Api;
using Turnpike.Compiler;
using Turnpike.Discovery;
using Turnpike.Hosting.Admission;
using Turnpike.Injector;
using Turnpike.Injector.Config;
using Turnpike.Routing;
using Turnpike.Tests.Support.Compiler;
using Turnpike.Webhooks;
using Turnpike.Webhooks.Entities;

namespace Turnpike.Tests.Operator.Webhooks;

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
        var result = Webhook.Create(
            Rule("""{"destination":{"name":"web"},"route":[{"weight":60},{"weight":30}],"http_req_timout":{}}"""),
            dryRun: false);
        Assert.False(result.Valid);
        Assert.Equal(400, result.Status?.Code);
        Assert.Equal(
            "RouteRule \"rule\" is invalid: [spec.route: Invalid value: 90: weights must total 100, spec.http_req_timout: Forbidden: "
                + "unknown field; did you mean \"http_req_timeout\"?]",
            result.Status?.Message);
    }

    [Fact]
    public void RuleForAMissingService_PassesWithAWarning()
    {
        var result = Webhook.Create(Rule("""{"destination":{"name":"gone"}}"""), dryRun: false);
        Assert.True(result.Valid);
        Assert.Contains("gone.default.svc.cluster.local", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    /// <summary>The number that is there, the limit and the setting's name are in the refusal.</summary>
    [Fact]
    public async Task ObjectBeyondTheLimitOfItsNamespace_IsRefused()
    {
        var state = _states.Current!;
        var mesh = state.Snapshot.Mesh with { NamespaceLimits = new Turnpike.Api.Mesh.NamespaceLimits { Regexes = 1, Paths = 1 } };
        _states.Publish(state with { Sequence = 2, Snapshot = state.Snapshot with { Mesh = mesh } });
        var two = Webhook.Create(
            Rule("""{"destination":{"name":"web"},"match":{"request":{"headers":{"a":{"regex":"x"},"b":{"regex":"y"}}}}}"""),
            dryRun: false);
        Assert.False(two.Valid);
        Assert.Contains(
            "namespace default would have 2 regular expressions in its RouteRules, and the mesh setting namespaceLimits.regexes allows 1",
            two.Status?.Message,
            StringComparison.Ordinal);
        Assert.True(
            Webhook
                .Create(Rule("""{"destination":{"name":"web"},"match":{"request":{"headers":{"a":{"regex":"x"}}}}}"""), dryRun: false)
                .Valid);
        var ingress = await CreateAsync(
            "istio",
            """[{"host":"foo.com","http":{"paths":[{"path":"/other","pathType":"Prefix","backend":{"service":{"name":"web","port":{"number":80}}}}]}}]"""
        );
        Assert.False(ingress.Valid);
        Assert.Contains(
            "2 paths in its Ingresses, and the mesh setting namespaceLimits.paths allows 1",
            ingress.Status?.Message,
            StringComparison.Ordinal);
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
        var response = await CreateAsync(
            "istio",
            """[{"host":"foo.com","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"gone","port":{"number":80}}}}]}}]"""
        );
        Assert.True(response.Valid);
        Assert.Contains(response.Warnings, w => w.Contains("is taken by Ingress default/first", StringComparison.Ordinal));
        Assert.Contains(response.Warnings, w => w.Contains("no service \"gone\"", StringComparison.Ordinal));
        Assert.False((await CreateAsync("istio", """[{"host":"foo:80"}]""")).Valid);
    }

    [Fact]
    public async Task HostOfAnotherNamespace_IsRefused_WithoutItsName()
    {
        var response = await CreateAsync(Apply("other", "web", "foo.com", "mine.com"));
        Assert.False(response.Valid);
        Assert.Equal(200, response.Status?.Code);
        Assert.Equal(
            "Ingress \"web\" asks for hosts that belong to other namespaces: spec.rules[0].host: host foo.com belongs to another "
                + "namespace, which does not share it with namespace other; "
            + "the owner can, by the annotation turnpike.io/share-host-with: other on its Ingress or Namespace",
            response.Status?.Message);
        Assert.True((await CreateAsync(Apply("other", "web", "mine.com"))).Valid);
        Assert.True((await CreateAsync(Apply("default", "second", "foo.com"))).Valid);
    }

    [Fact]
    public async Task HostThatAnOldIngressAdds_IsRefused_WhateverItsAge()
    {
        var now = Apply("other", "web", "mine.com", "foo.com");
        Assert.Equal(2020, now.Metadata.CreationTimestamp?.Year);
        Assert.False((await UpdateAsync(Apply("other", "web", "mine.com"), now)).Valid);
    }

    [Fact]
    public async Task IngressThatAskedForItBefore_CanBeChanged_AndIsWarned()
    {
        var response = await UpdateAsync(Apply("other", "web", "foo.com"), Apply("other", "web", "foo.com", "mine.com"));
        Assert.True(response.Valid);
        Assert.Contains(
            response.Warnings,
            w => w.StartsWith("spec.rules[0].host: host foo.com belongs to another namespace", StringComparison.Ordinal));

        var ours = Apply("other", "web", "foo.com");
        var before = Entity<V1Ingress>(ours.Raw.GetRawText().Replace("\"istio\"", "\"nginx\"", StringComparison.Ordinal));
        Assert.False((await UpdateAsync(before, ours)).Valid);
    }

    [Fact]
    public async Task Consent_LetsItIn()
    {
        var store = new ObjectStore();
        store.Put(
            Cluster.Replace("ingress.class: istio", "ingress.class: istio, turnpike.io/share-host-with: other", StringComparison.Ordinal));
        _states.Publish(new DiscoveryState(2, store.Snapshot().Snapshot, [], RouteTable.Empty, TableResources.None, []));
        Assert.True((await CreateAsync(Apply("other", "web", "foo.com"))).Valid);
        Assert.False((await CreateAsync(Apply("third", "web", "foo.com"))).Valid);
    }

    [Fact]
    public async Task ConsentThatNamesNoNamespace_IsRefused()
    {
        var ingress = Apply("other", "web", "mine.com").Raw.GetRawText();
        var response = await CreateAsync(
            Entity<V1Ingress>(
                ingress.Replace(
                    "\"annotations\":{", "\"annotations\":{\"turnpike.io/share-host-with\":\"a, B!\",", StringComparison.Ordinal)));
        Assert.Equal(
            "Ingress \"web\" is invalid: metadata.annotations[turnpike.io/share-host-with]: Invalid value: \"B!\": must be the name of "
                + "a namespace, or * for all namespaces",
            response.Status?.Message);
    }

    [Fact]
    public async Task GuardOfAnotherController_IsRefused_WithEveryOtherFault()
    {
        var response = await CreateAsync(
            With(Apply("default", "web", "a:80"), "nginx.ingress.kubernetes.io/auth-url", "https://auth.example")
        );
        Assert.False(response.Valid);
        Assert.Equal(400, response.Status?.Code);
        Assert.Contains("spec.rules[0].host: Invalid value: \"a:80\"", response.Status?.Message, StringComparison.Ordinal);
        Assert.Contains(
            "metadata.annotations[nginx.ingress.kubernetes.io/auth-url]: Forbidden: asks ingress-nginx for authentication; Turnpike "
                + "does not enforce that; ",
            response.Status?.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnnotationOfAnotherController_IsAWarning()
    {
        var response = await CreateAsync(With(Apply("default", "web", "a.com"), "nginx.ingress.kubernetes.io/rewrite-target", "/"));
        Assert.True(response.Valid);
        Assert.Contains(
            "metadata.annotations[nginx.ingress.kubernetes.io/rewrite-target]: has no effect: it is read by ingress-nginx alone; a "
                + "RouteRule with rewrite does that",
            response.Warnings);
    }

    [Fact]
    public async Task GuardOfAnotherController_IsAWarning_WhereTheMeshSaysSo()
    {
        var state = _states.Current!;
        _states.Publish(
            state with
            {
                Sequence = 2,
                Snapshot = state.Snapshot with { Mesh = state.Snapshot.Mesh with { ForeignGuards = Turnpike.Api.Mesh.ForeignGuards.Warn } },
            });
        var response = await CreateAsync(With(Apply("default", "web", "a.com"), "haproxy.org/allow-list", "10.0.0.0/8"));
        Assert.True(response.Valid);
        Assert.Contains(
            "metadata.annotations[haproxy.org/allow-list]: asks HAProxy for limits to the addresses of clients; Turnpike does not "
                + "enforce that: the Ingress is served without",
            response.Warnings);
    }

    [Fact]
    public async Task GuardThatIsAdded_IsRefused_AndOneThatWasThereIsNotInTheWay()
    {
        var (plain, guarded) = (Apply("default", "web", "a.com"), With(Apply("default", "web", "a.com"), "konghq.com/plugins", "key-auth"));
        Assert.False((await UpdateAsync(plain, guarded)).Valid);
        Assert.True((await UpdateAsync(guarded, With(guarded, "example.com/touched", "1"))).Valid);
        Assert.True((await UpdateAsync(guarded, plain)).Valid);
        Assert.False((await UpdateAsync(guarded, With(guarded, "konghq.com/plugins", "other"))).Valid);
        var warned = await UpdateAsync(guarded, With(guarded, "turnpike.io/htp", "HTTPS"));
        Assert.True(warned.Valid);
        Assert.Equal(
            ["metadata.annotations[turnpike.io/htp]: has no effect: there is no such annotation; did you mean \"turnpike.io/http\"?"],
            warned.Warnings);
    }

    [Fact]
    public async Task GuardOfAnIngressOfAnotherClass_IsNoneOfOurBusiness()
    {
        var other = Entity<V1Ingress>(
            With(Apply("default", "web", "a.com"), "konghq.com/plugins", "key-auth")
                .Raw.GetRawText()
                .Replace("\"istio\"", "\"nginx\"", StringComparison.Ordinal));
        Assert.True((await CreateAsync(other)).Valid);
        Assert.True((await UpdateAsync(other, With(other, "konghq.com/override", "x"))).Valid);
    }

    [Fact]
    public async Task Reviews_NameNothingOfOtherNamespaces()
    {
        var store = new ObjectStore();
        store.Put("""
            apiVersion: v1
            kind: Service
            metadata: {name: s3cret-service, namespace: s3cret-namespace}
            spec: {ports: [{name: http, port: 12345}]}
            ---
            apiVersion: v1
            kind: Secret
            metadata: {name: s3cret-cert, namespace: s3cret-namespace}
            type: kubernetes.io/tls
            stringData: {tls.crt: "${CERTIFICATE s}", tls.key: "${KEY s}"}
            ---
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {name: s3cret-ingress, namespace: s3cret-namespace, annotations: {kubernetes.io/ingress.class: istio}}
            spec:
              tls: [{hosts: ['foo.com', '*.bar.com'], secretName: s3cret-cert}]
              rules:
              - {host: foo.com, http: {paths: [{path: /s3cret-path, pathType: Prefix, backend: {service: {name: s3cret-service, port: {number: 12345}}}}]}}
              - {host: '*.bar.com', http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: s3cret-service, port: {number: 12345}}}}]}}
              - {http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: s3cret-service, port: {number: 12345}}}}]}}
            ---
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {name: s3cret-fallback, namespace: s3cret-namespace, annotations: {kubernetes.io/ingress.class: istio}}
            spec:
              tls: [{secretName: s3cret-cert}]
              defaultBackend: {service: {name: s3cret-service, port: {number: 12345}}}
            """);
        _states.Publish(new DiscoveryState(2, store.Snapshot().Snapshot, [], RouteTable.Empty, TableResources.None, []));
        string[][] asked = [["foo.com"], ["a.bar.com"], ["*.bar.com"], [""], ["mine.com", ""]];
        foreach (var hosts in asked)
        {
            foreach (
                var tls in (string[])
                    ["", """{"secretName":"none"}""", """{"hosts":["foo.com"]}""", """{"hosts":["mine.com"],"secretName":"none"}"""])
            {
                var response = await CreateAsync(Apply("other", "web", tls, hosts));
                Assert.All(
                    response.Warnings.Append(response.Status?.Message ?? ""),
                    told => Assert.DoesNotContain("s3cret", told, StringComparison.Ordinal));
                Assert.True(response.Warnings.Count > 0 || response.Status is not null);
            }
        }
        foreach (var destination in (string[])["s3cret-service", "no-such-service"])
        {
            var told = Webhook
                .Create(Rule($$"""{"destination":{"name":"{{destination}}","namespace":"s3cret-namespace"} }"""), dryRun: false)
                .Warnings;
            Assert.Equal(
                [
                    $"spec.destination: {destination}.s3cret-namespace.svc.cluster.local belongs to namespace s3cret-namespace, which "
                        + "does not admit rules of namespace default; annotate namespace s3cret-namespace with turnpike.io/allow-rules-from: default",
                ],
                told);
        }
    }

    /// <summary>The client library's own type of an Ingress would drop what it does not know, before anybody could say so.</summary>
    [Fact]
    public void Entity_LosesNothing()
    {
        const string json =
            """{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"web","namespace":"a","newer":1}"""
                + ""","spec":{"ingressClassName":"x","newer":{"a":[1]},"rules":[{"hosst":"b"}]},"other":true}""";
        var ingress = Entity<V1Ingress>(json);
        Assert.Equal(("web", "a", "networking.k8s.io/v1"), (ingress.Metadata.Name, ingress.Metadata.NamespaceProperty, ingress.ApiVersion));
        Assert.Equal(json, ingress.ToJson().ToJsonString());
        Assert.Equal(json, KubernetesJson.Serialize(ingress));
    }

    [Fact]
    public async Task IngressOfAnotherClass_IsNoneOfOurBusiness() =>
        Assert.True((await CreateAsync("nginx", """[{"host":"foo:80"}]""")).Valid);

    [Fact]
    public async Task Pod_IsInjectedByTheNamespaceOfTheRequest()
    {
        var webhook = Injector();
        var pod = Json(
            """{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"web-"},"spec":{"containers":[{"name":"app","image":"x"}]}}""");
        var request = Request() with { Object = pod };
        var patch = (await webhook.ReviewAsync(request, CancellationToken.None)).Patch;
        Assert.Contains("istio-proxy", Encoding.UTF8.GetString(patch.Span), StringComparison.Ordinal);
        Assert.All(JsonNode.Parse(patch.Span)!.AsArray(), operation => Assert.Equal("add", (string?)operation!["op"]));
        Assert.True((await webhook.ReviewAsync(request with { Namespace = "kube-system" }, CancellationToken.None)).Patch.IsEmpty);
    }

    [Fact]
    public async Task Pod_InANamespaceWithoutRoomForASidecar_PassesWithAWarning()
    {
        var quota = Quota.Read(
            JsonNode
                .Parse(
                    """{"metadata":{"name":"small"},"spec":{"hard":{"limits.memory":"20Mi"}},"status":{"used":{"limits.memory":"0"}}}""")!
                .AsObject());
        var webhook = Injector(new([], quota));
        var pod = Json(
            """{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"web-"},"spec":{"containers":[{"name":"app","image":"x"}]}}""");
        var response = await webhook.ReviewAsync(Request() with { Object = pod }, CancellationToken.None);
        Assert.True(response.IsAllowed);
        Assert.True(response.Patch.IsEmpty);
        Assert.Equal(
            ["no sidecar is injected: ResourceQuota small leaves too little memory for a sidecar beside the pod's own containers"],
            response.Warnings);
    }

    /// <summary>A bad image must not stop the pods of a cluster: they run without a sidecar, and their creator is told.</summary>
    [Fact]
    public async Task Pod_WhoseProxyNobodyHasSeenRun_PassesWithAWarning()
    {
        var webhook = Injector(isProven: false);
        var request = Request() with
        {
            Object = Json(
                """{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"web-"},"spec":{"containers":[{"name":"app","image":"x"}]}}"""
            ),
        };
        foreach (var one in new[] { request, request with { DryRun = true }, request with { Namespace = "self-test" } })
        {
            var response = await webhook.ReviewAsync(one, CancellationToken.None);
            Assert.True(response.IsAllowed);
            Assert.True(response.Patch.IsEmpty);
            Assert.Matches(
                "^no sidecar is injected: ImageNotProven: no proxy of image docker\\.io/turnpike/proxy:[^ ]+ has been ready in this "
                    + "cluster yet; ",
                Assert.Single(response.Warnings));
        }
    }

    /// <summary>The self-test asks whether admission works, and no pod comes of it.</summary>
    [Fact]
    public async Task Pod_OfTheSelfTest_IsInjectedUnproven_ByDryRunAlone()
    {
        var pod = Json(
            """{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"self-test-"}"""
                + ""","spec":{"containers":[{"name":"app","image":"x"}]}}""");
        var request = Request() with { Object = pod, Namespace = "self-test", DryRun = true };
        Assert.False((await Injector(isProven: false).ReviewAsync(request, CancellationToken.None)).Patch.IsEmpty);
    }

    [Theory]
    [InlineData(true, "/spec/initContainers")]
    [InlineData(false, "/spec/containers/-")]
    public async Task Pod_GetsANativeSidecar_WhereTheClusterKnowsThem(bool known, string path)
    {
        var pod = Json(
            """{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"web-"},"spec":{"containers":[{"name":"app","image":"x"}]}}""");
        var response = await Injector(hasNative: known).ReviewAsync(Request() with { Object = pod }, CancellationToken.None);
        Assert.Equal(path, (string?)JsonNode.Parse(response.Patch.Span)![0]!["path"]);
    }

    [Fact]
    public void SettingsWithoutAnImage_TakeTheOneThatTheOperatorWasStartedWith()
    {
        var settings = new InjectionSettings(
            InjectConfig.Default with
            {
                ProxyImage = "mirror.example.com/proxy:1",
            },
            NullLogger<InjectionSettings>.Instance);
        settings.Update("policy: disabled");
        Assert.Equal("mirror.example.com/proxy:1", settings.Config.ProxyImage);
        settings.Update("proxyImage: registry.example.com/proxy:2");
        Assert.Equal("registry.example.com/proxy:2", settings.Config.ProxyImage);
        settings.Update(null);
        Assert.Equal("mirror.example.com/proxy:1", settings.Config.ProxyImage);
    }

    [Fact]
    public void BrokenSettings_LeaveTheLastGoodOnes()
    {
        var settings = new InjectionSettings(InjectConfig.Default, NullLogger<InjectionSettings>.Instance);
        settings.Update("policy: disabled");
        Assert.False(settings.Config.InjectsByDefault);
        settings.Update("policy: sometimes");
        Assert.False(settings.Config.InjectsByDefault);
        settings.Update(null);
        Assert.True(settings.Config.InjectsByDefault);
    }

    private static InjectionWebhook Injector(ResourceConstraints? limits = null, bool isProven = true, bool hasNative = false) => new(
        new InjectionSettings(InjectConfig.Default, NullLogger<InjectionSettings>.Instance),
        new ResourceConstraintsIndex(_ => limits ?? ResourceConstraints.None),
        new InjectionFacts(() => hasNative, _ => isProven, "self-test"),
        new InjectionReport(NullLogger<InjectionReport>.Instance, TimeProvider.System));

    private Task<ValidationResult> CreateAsync(V1Ingress ingress) =>
        new IngressWebhook(_states, Profile.Istio2017).CreateAsync(ingress, dryRun: false, CancellationToken.None);

    private Task<ValidationResult> CreateAsync(string ingressClass, string rules) =>
        CreateAsync(
            Entity<V1Ingress>(
                $$$"""
                {"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"web","namespace":"default","annotations":{"kubernetes.io/ingress.class":"{{{ingressClass}}}"}},"spec":{"rules":{{{rules}}}}}
                """));

    private Task<ValidationResult> UpdateAsync(V1Ingress old, V1Ingress now) =>
        new IngressWebhook(_states, Profile.Istio2017).UpdateAsync(old, now, dryRun: false, CancellationToken.None);

    private static V1Ingress Apply(string ns, string name, params string[] hosts) => Apply(ns, name, "", hosts);

    private static V1Ingress Apply(string ns, string name, string tls, string[] hosts)
    {
        var rules = hosts.Select(host =>
            $$"""{ {{(host.Length == 0 ? "" : $"\"host\":\"{host}\",")}}"http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"gone","port":{"number":80} } } }] } }"""
        );
        return Entity<V1Ingress>(
            $$$"""
            {"apiVersion":"networking.k8s.io/v1","kind":"Ingress",
             "metadata":{"name":"{{{name}}}","namespace":"{{{ns}}}","creationTimestamp":"2020-01-01T00:00:00Z","annotations":{"kubernetes.io/ingress.class":"istio"}},
             "spec":{"tls":[{{{tls}}}],"rules":[{{{string.Join(',', rules)}}}]}}
            """);
    }

    private static V1Ingress With(V1Ingress ingress, string annotation, string value)
    {
        var raw = ingress.ToJson();
        raw["metadata"]!["annotations"]![annotation] = value;
        return Entity<V1Ingress>(raw.ToJsonString());
    }

    private RouteRuleWebhook Webhook => new(_states);

    private static V1Alpha2RouteRule Rule(string spec) => Entity<V1Alpha2RouteRule>($$"""
        {"apiVersion":"config.istio.io/v1alpha2","kind":"RouteRule","metadata":{"name":"rule","namespace":"default"},"spec":{{spec}} }
        """);

    /// <summary>Reads the object as the operator SDK does, whichever SDK it is.</summary>
    private static TEntity Entity<TEntity>(string json) => KubernetesJson.Deserialize<TEntity>(json);

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
