using System.Text.Json;
using Turnpike.Hosting.Client;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Kubernetes;

namespace Turnpike.Tests.Integration.ControlPlane;

/// <summary>Tests what the leader writes on RouteRules; no proxy is connected.</summary>
[Collection<WithOperator>]
public sealed class RouteRuleStatusTests(OperatorFixture cluster)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GoodRule_IsAccepted_AndWaitsForAProxy()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        await cluster.KubectlAsync(Cancelled, "create", "service", "clusterip", "web", "--tcp=80", "-n", ns);
        await CreateAsync(ns, "rule", "precedence: 3");
        var rule = await StatusAsync(
            ns, "rule", "Accepted=True ResolvedRefs=True Conflicted=False Programmed=Unknown:NoProxy", generation: 1);
        Assert.Equal(1, rule.Generation());

        var row = (await cluster.KubectlAsync(Cancelled, "get", "routerule", "rule", "-n", ns, "--no-headers")).Split(
            ' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["rule", "web", "3", "True", "Unknown"], row[..5]);
    }

    [Fact]
    public async Task Status_FollowsAnEdit_AndKeepsTheTimeOfWhatDidNotChange()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        await CreateAsync(ns, "rule", "precedence: 1");
        var before = await StatusAsync(ns, "rule", "Accepted=True ResolvedRefs=False:DestinationNotFound", generation: 1);
        await cluster.Api.MergeAsync(Kind.RouteRules, new(ns, "rule"), """{"spec":{"precedence":2}}""", Cancelled);
        var after = await StatusAsync(ns, "rule", "Accepted=True ResolvedRefs=False:DestinationNotFound", generation: 2);
        Assert.Equal(2, after.Generation());
        Assert.Equal(Times(before), Times(after));

        static IEnumerable<string?> Times(JsonElement rule) =>
            rule.At("status.conditions")!.Value.EnumerateArray().Select(c => c.Text("lastTransitionTime"));
    }

    [Fact]
    public async Task MissingService_IsTold_UntilItComes()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        await CreateAsync(ns, "rule", "precedence: 1");
        var missing = await StatusAsync(ns, "rule", "ResolvedRefs=False:DestinationNotFound", generation: 1);
        Assert.Contains($"web.{ns}.svc.cluster.local", missing.At("status")!.Value.GetRawText(), StringComparison.Ordinal);
        await cluster.KubectlAsync(Cancelled, "create", "service", "clusterip", "web", "--tcp=80", "-n", ns);
        await StatusAsync(ns, "rule", "ResolvedRefs=True", generation: 1);
    }

    [Fact]
    public async Task StatusThatSomebodyElseWrites_IsPutRight()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        await CreateAsync(ns, "rule", "precedence: 1");
        await StatusAsync(ns, "rule", "Accepted=True", generation: 1);
        using var lie = new StringContent("""{"status":{"conditions":[]}}""", System.Text.Encoding.UTF8, "application/merge-patch+json");
        await cluster.Api.RequestAsync(HttpMethod.Patch, Kind.RouteRules.PathOf(new(ns, "rule"), "status"), lie, Cancelled);
        await StatusAsync(ns, "rule", "Accepted=True", generation: 1);
    }

    [Fact]
    public async Task BadRuleFromBefore_IsToldItsFault()
    {
        var rule = await StatusAsync(
            OperatorFixture.OldNamespace, "reported", "Accepted=False:Invalid Programmed=False:NotAccepted", generation: 1);
        var accepted = rule.At("status.conditions")!.Value.EnumerateArray().Single(c => c.Text("type") == "Accepted");
        Assert.Equal("spec.route: Invalid value: 90: weights must total 100", accepted.Text("message"));
    }

    [Fact]
    public async Task RuleMadeAnewUnderItsName_GetsAStatusOfItsOwn()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        await CreateAsync(ns, "rule", "precedence: 1");
        await StatusAsync(ns, "rule", "Accepted=True", generation: 1);
        (
            await cluster.KubectlAsync(
                OperatorFixture.RouteRule("rule", "precedence: 1"), Cancelled, "replace", "--force", "-n", ns, "-f", "-")).Expect();
        await StatusAsync(ns, "rule", "Accepted=True", generation: 1);
    }

    private async Task CreateAsync(string ns, string name, string fields) =>
        (await cluster.KubectlAsync(OperatorFixture.RouteRule(name, fields), Cancelled, "create", "-n", ns, "-f", "-")).Expect();

    /// <summary>The rule, as soon as it says all this of this generation.</summary>
    /// <param name="expected">Such as <c>Accepted=True ResolvedRefs=False:DestinationNotFound</c>: type, status, and reason if
    /// given.</param>
    private async Task<JsonElement> StatusAsync(string ns, string name, string expected, int generation) =>
        await Wait.For(
            ct => cluster.Api.GetAsync(Kind.RouteRules, new(ns, name), ct),
            rule =>
                rule.TextAt("status.observedGeneration") == $"{generation}"
                && rule.At("status.conditions") is { } conditions
                && conditions.EnumerateArray().All(c => c.TextAt("observedGeneration") == $"{generation}")
                && expected
                    .Split(' ')
                    .All(term =>
                        conditions
                            .EnumerateArray()
                            .Any(c => $"{c.Text("type")}={c.Text("status")}:{c.Text("reason")}".StartsWith(term, StringComparison.Ordinal))
                    ),
            expected);
}
