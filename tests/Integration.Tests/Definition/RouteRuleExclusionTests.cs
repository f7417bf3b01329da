using System.Text.Json.Nodes;
using Turnpike.Api.RouteRules;
using Turnpike.Hosting.Client;
using Turnpike.Tests.Support.Kubernetes;
using Turnpike.Yaml;

namespace Turnpike.Tests.Integration.Definition;

/// <summary>Tests what the CEL rules of the custom resource definition refuse, where a server has them; no webhook is there.</summary>
public sealed class RouteRuleExclusionTests(ApiServerFixture server)
{
    // Field paths below an entry of a map or list have its key from 1.28 on.
    private const int NamesFields = 28;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("redirect: {uri: /x}\nroute: [{weight: 100}]", "spec.route", "`route` may not be given together with `redirect`")]
    [InlineData("redirect: {uri: /x}\nrewrite: {uri: /y}", "spec.rewrite", "`rewrite` may not be given together with `redirect`")]
    [InlineData(
        "redirect: {uri: /x}\nwebsocket_upgrade: true",
        "spec.websocket_upgrade",
        "`websocket_upgrade` may not be given together with `redirect`")]
    [InlineData(
        "redirect: {uri: /x}\nwebsocketUpgrade: true",
        "spec.websocketUpgrade",
        "`websocketUpgrade` may not be given together with `redirect`")]
    [InlineData(
        "redirect: {uri: /x}\nhttp_fault: {abort: {http_status: 503}}",
        "spec.http_fault",
        "`http_fault` may not be given together with `redirect`")]
    [InlineData("redirect: {}", "spec.redirect", "one of `uri` and `authority` is required")]
    [InlineData("rewrite: {uri: ''}", "spec.rewrite", "one of `uri` and `authority` is required")]
    [InlineData("l4_fault: {throttle: {percent: 1}}", "spec.l4_fault", "faults of TCP connections are not supported")]
    [InlineData(
        "mirror: {name: a, service: b.c}",
        "spec.mirror.name",
        "`name` may not be given together with `service`, which is a full host name")]
    [InlineData("mirror: {namespace: a, service: b.c}", "spec.mirror.namespace", "`namespace` may not be given together with `service`")]
    [InlineData("mirror: {labels: {a: b}}", "spec.mirror", "one of `name` and `service` is required")]
    [InlineData("match: {udp: {source_subnet: [10.0.0.0/8]}}", "spec.match.udp", "UDP is not supported")]
    [InlineData(
        "match: {request: {headers: {a: {exact: b, prefix: c}}}}",
        "spec.match.request.headers[a].prefix",
        "`prefix` may not be given together with `exact`")]
    [InlineData(
        "match: {request: {headers: {a: {}}}}", "spec.match.request.headers[a]", "one of `exact`, `prefix` and `regex` is required")]
    [InlineData(
        "http_req_timeout: {simple_timeout: {timeout: 3s}}\nhttpReqTimeout: {simpleTimeout: {timeout: 3s}}",
        "spec.httpReqTimeout",
        "`httpReqTimeout` is the same field as `http_req_timeout`")]
    [InlineData(
        "http_req_timeout: {simple_timeout: {timeout: 3s}, custom: {a: b}}",
        "spec.http_req_timeout.custom",
        "`custom` may not be given together with `simple_timeout`")]
    [InlineData(
        "http_fault: {delay: {exponential_delay: 3s}}",
        "spec.http_fault.delay.exponential_delay",
        "exponential delays are not supported; use `fixed_delay`")]
    [InlineData(
        "http_fault: {abort: {grpc_status: UNKNOWN}}",
        "spec.http_fault.abort.grpc_status",
        "gRPC faults are not supported; use `http_status`")]
    public async Task Exclusion_IsToldAsTheWebhookTellsIt(string fields, string field, string message)
    {
        var rule = Rule($"destination: {{name: a}}\n{fields}");
        Assert.Contains(RouteRuleReader.Read(rule.DeepClone().AsObject()).Errors, error => error.Path == field);
        Assert.SkipUnless(server.ChecksCel, "this API server drops the rules of CEL");

        var refusal = await RefusalAsync(rule);
        var cause = Assert.Single(refusal.Causes);
        if (server.Minor >= NamesFields)
            Assert.Equal(field, cause.Field);
        Assert.Contains(message.Replace('`', '"'), cause.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LabelsOfTheDestination_AreRefused()
    {
        Assert.SkipUnless(server.ChecksCel, "this API server drops the rules of CEL");
        var cause = Assert.Single((await RefusalAsync(Rule("destination: {name: a, labels: {version: v1}}"))).Causes);
        Assert.Contains(
            "a rule governs a whole service; labels belong to \"route\" and \"match.source\"", cause.Message, StringComparison.Ordinal);
    }

    /// <summary>On every server: the rules refuse nothing that is right.</summary>
    [Fact]
    public async Task EverySample_IsTaken()
    {
        var ns = await server.CreateNamespaceAsync(Cancelled);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(ApiServer.Repository, "config", "samples", "routerules"), "*.yaml"))
            await server.KubectlAsync(Cancelled, "create", "-n", ns, "-f", file);
    }

    private static JsonObject Rule(string spec)
    {
        var indented = spec.Replace("\n", "\n  ", StringComparison.Ordinal);
        return YamlText
            .Read($"apiVersion: config.istio.io/v1alpha2\nkind: RouteRule\nmetadata: {{name: a}}\nspec:\n  {indented}\n")
            .Single()
            .Root!.AsObject();
    }

    private async Task<KubeStatusException> RefusalAsync(JsonObject rule)
    {
        var ns = await server.CreateNamespaceAsync(Cancelled);
        return await Assert.ThrowsAsync<KubeStatusException>(() =>
            server.Api.CreateAsync(Kind.RouteRules, ns, rule, WriteOptions.Default, Cancelled));
    }
}
