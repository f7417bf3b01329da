using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Hosting.Client;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Kubernetes;

namespace Turnpike.Tests.Integration.ControlPlane;

/// <summary>RouteRules as kubectl sends them, through the API server to the operator and back.</summary>
[Collection<WithOperator>]
public sealed class RouteRuleAdmissionTests(OperatorFixture cluster)
{
    private const string Refusal = "admission webhook \"routerules.turnpike.io\" denied the request: RouteRule ";
    private const string Fault = " is invalid: spec.route: Invalid value: 90: weights must total 100";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task BadRule_IsRefused_AndKubectlShowsTheField()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        var run = await SendAsync(ns, "create", OperatorFixture.RouteRule("bad", OperatorFixture.BadRoute));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(Refusal + "\"bad\"" + Fault, run.Error, StringComparison.Ordinal);
        Assert.Equal("", await cluster.KubectlAsync(Cancelled, "get", "routerules", "-n", ns, "-o", "name"));
    }

    [Fact]
    public async Task AllFaults_AreTold_UnderTheirNamesAsWritten()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        var run = await SendAsync(
            ns,
            "create",
            OperatorFixture.RouteRule("bad", OperatorFixture.BadRoute + "\n  http_req_timeout: {simple_timeout: {timeout: soon}}"));
        Assert.Contains("spec.route: ", run.Error, StringComparison.Ordinal);
        Assert.Contains("spec.http_req_timeout.simple_timeout.timeout: Invalid value: \"soon\"", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("route: [{weight: 60}, {weight: 30}]", "spec.route: Invalid value: 90: weights must total 100")]
    [InlineData(
        "http_req_timeout: {simple_timeout: {timeout: \"3\"}}", "spec.http_req_timeout.simple_timeout.timeout: Invalid value: \"3\": ")]
    [InlineData("http_req_timeout: {simple_timeout: {timeout: 3}}", "timeout")]
    [InlineData(
        "http_req_timeout: {simple_timeout: {timeout: 0.5ms}}", "spec.http_req_timeout.simple_timeout.timeout: Invalid value: \"0.5ms\": ")]
    [InlineData("match: {request: {headers: {uri: {regex: (}}}}", "spec.match.request.headers[uri].regex: Invalid value: \"(\": ")]
    [InlineData("redirect: {uri: /x}\n  route: [{weight: 100}]", "spec.route: Forbidden: ", "may not be given together with \"redirect\"")]
    [InlineData("match: {request: {headers: {uri: /x}}}", "match.request.headers.uri")]
    [InlineData("http_req_timout: {simple_timeout: {timeout: 3s}}", "unknown field \"", "http_req_timout\"")]
    [InlineData(
        "http_req_timeout: {simple_timeout: {timeout: 3s}}\n  httpReqTimeout: {simpleTimeout: {timeout: 3s}}",
        "Forbidden: ",
        "the same field as ")]
    public async Task FrequentFault_IsOneClearLine(string spec, params string[] parts)
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        var run = await SendAsync(ns, "create", OperatorFixture.RouteRule("bad", spec));
        Assert.Equal(1, run.ExitCode);
        var line = Assert.Single(run.ErrorLines, IsFault);
        Assert.All(parts, part => Assert.Contains(part, line, StringComparison.Ordinal));

        // If a type is wrong, the API server also says that it did not get to its rules.
        static bool IsFault(string line) =>
            !line.StartsWith("* <nil>: ", StringComparison.Ordinal) && !line.EndsWith(" is invalid: ", StringComparison.Ordinal);
    }

    [Fact]
    public async Task GoodRule_IsTaken_WithAWarningWhileItsServiceIsMissing()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        var run = await SendAsync(ns, "create", OperatorFixture.RouteRule("good", "precedence: 1"));
        Assert.Equal("routerule.config.istio.io/good created\n", run.Expect());
        Assert.StartsWith(
            $"Warning: spec.destination: no service has the host web.{ns}.svc.cluster.local",
            Assert.Single(run.ErrorLines),
            StringComparison.Ordinal);

        await cluster.KubectlAsync(Cancelled, "create", "service", "clusterip", "web", "--tcp=80", "-n", ns);
        await Wait.For(
            _ => SendAsync(ns, "create", OperatorFixture.RouteRule("another", "precedence: 1"), "--dry-run=server"),
            later => later.Error.Length == 0,
            "the service to be known");
    }

    [Fact]
    public async Task GoodRule_CannotBecomeABadOne()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        (await SendAsync(ns, "apply", OperatorFixture.RouteRule("rule", "precedence: 1"))).Expect();
        var run = await SendAsync(ns, "apply", OperatorFixture.RouteRule("rule", OperatorFixture.BadRoute));
        Assert.Contains(Refusal + "\"rule\"" + Fault, run.Error, StringComparison.Ordinal);
        Assert.Equal("1", await cluster.KubectlAsync(Cancelled, "get", "routerule", "rule", "-n", ns, "-o", "jsonpath={.spec.precedence}"));
    }

    [Fact]
    public async Task BadRuleFromBefore_MayBeRelabelled_ButNotStayBadWhenItsSpecChanges()
    {
        await cluster.KubectlAsync(Cancelled, "label", "routerule", "relabelled", "team=a", "-n", OperatorFixture.OldNamespace);
        (
            await SendAsync(OperatorFixture.OldNamespace, "replace", OperatorFixture.RouteRule("relabelled", OperatorFixture.BadRoute))
        ).Expect();
        var worse = await PatchAsync("relabelled", """{"spec":{"precedence":3}}""");
        Assert.Contains(Refusal + "\"relabelled\"" + Fault, worse.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BadRuleFromBefore_MayBeRepaired() =>
        (await PatchAsync("repaired", """{"spec":{"route":[{"weight":100}]}}""")).Expect();

    [Fact]
    public async Task BadRuleFromBefore_MayBeDeleted() =>
        await cluster.KubectlAsync(Cancelled, "delete", "routerule", "deleted", "-n", OperatorFixture.OldNamespace, "--timeout=20s");

    [Fact]
    public async Task BadRuleFromBefore_MayBeFreedOfItsFinalizers_BeforeAndAfterItsDeletion()
    {
        (await PatchAsync("finalized", """{"metadata":{"finalizers":["example.com/one","example.com/two"]}}""")).Expect();
        (await PatchAsync("finalized", """{"metadata":{"finalizers":["example.com/two"]}}""")).Expect();
        await cluster.KubectlAsync(Cancelled, "delete", "routerule", "finalized", "-n", OperatorFixture.OldNamespace, "--wait=false");

        // Being deleted, it may lose its finalizers even by a write that changes its spec besides.
        var key = new NamespacedName(OperatorFixture.OldNamespace, "finalized");
        await Wait.For(
            async ct =>
            {
                var rule = JsonObject.Create(await cluster.Api.GetAsync(Kind.RouteRules, key, ct))!;
                rule["metadata"]!["finalizers"] = new JsonArray();
                rule["spec"]!["precedence"] = 1;
                try
                {
                    return await cluster.Api.ReplaceAsync(Kind.RouteRules, key, rule, WriteOptions.Default, ct);
                }
                catch (KubeStatusException e) when (e.IsConflict)
                {
                    // The operator wrote its status in between.
                    return (JsonElement?)null;
                }
            },
            written => written is not null,
            "a write that nobody comes between");
        Assert.Null(await cluster.Api.FindAsync(Kind.RouteRules, key, Cancelled));
    }

    [Fact]
    public async Task Status_IsNoneOfTheWebhooksBusiness()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        (await SendAsync(ns, "create", OperatorFixture.RouteRule("rule", "precedence: 1"))).Expect();
        var options = new WriteOptions { Subresource = "status" };
        await cluster.Api.PatchAsync(
            Kind.RouteRules,
            new(ns, "rule"),
            PatchKind.Merge,
            KubeObjects.Parse("""{"status":{"observedGeneration":0}}"""),
            options,
            Cancelled);
    }

    private Task<ProgramRun> SendAsync(string ns, string verb, string yaml, params string[] flags) =>
        cluster.KubectlAsync(yaml, Cancelled, [verb, "-n", ns, "-f", "-", .. flags]);

    private Task<ProgramRun> PatchAsync(string name, string patch) =>
        cluster.KubectlAsync(null, Cancelled, "patch", "routerule", name, "-n", OperatorFixture.OldNamespace, "--type=merge", "-p", patch);
}
