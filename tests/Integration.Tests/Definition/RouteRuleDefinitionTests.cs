using System.Text.Json;
using Turnpike.Hosting.Apply;
using Turnpike.Hosting.Client;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Kubernetes;
using static Turnpike.Tests.Support.Kubernetes.KubeObjects;

namespace Turnpike.Tests.Integration.Definition;

/// <summary>Tests what the custom resource definition alone does for users; no webhook is there.</summary>
public sealed class RouteRuleDefinitionTests(ApiServerFixture server)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("routerule.spec", "httpReqTimeout\t<Object>", "Weighted targets")]
    [InlineData("routerule.spec.destination", "namespace\t<string>", "Short name of the Kubernetes service")]
    [InlineData("routerule.spec.route", "weight\t<integer>", "Weighted targets")]
    [InlineData("routerule.spec.http_req_timeout.simple_timeout.timeout", "<string>", "for example `3s` or `1m30s`")]
    [InlineData("routerule.status.conditions", "observedGeneration\t<integer>", "The time of the last change of the status")]
    public async Task Explain_ShowsFieldsAndWhatTheyMean(string field, string type, string meaning)
    {
        // The server publishes the schema some time after it serves the kind.
        var explained = await Wait.For(ct => server.KubectlAsync(null, ct, "explain", field), run => run.ExitCode == 0, field);
        Assert.Contains(type, explained.Output, StringComparison.Ordinal);
        Assert.Contains(meaning, explained.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_ShowsDestinationPrecedenceAndConditions()
    {
        var ns = await server.CreateNamespaceAsync(Cancelled);
        await CreateAsync(ns, "a", """{"destination":{"name":"reviews"},"precedence":7}""");
        await SetStatusAsync(ns, "a", "True");
        var table = await server.KubectlAsync(Cancelled, "get", "routerules", "-n", ns);
        var lines = table.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["NAME", "DESTINATION", "PRECEDENCE", "ACCEPTED", "PROGRAMMED", "AGE"], Words(lines[0]));
        Assert.Equal(["a", "reviews", "7", "True", "Unknown"], Words(lines[1])[..5]);

        static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }

    [Fact]
    public async Task Status_LeavesTheGenerationAlone_AndASpecLeavesTheStatus()
    {
        var ns = await server.CreateNamespaceAsync(Cancelled);
        await CreateAsync(ns, "a", """{"destination":{"name":"a"}}""");
        await SetStatusAsync(ns, "a", "False");
        Assert.Equal(1, (await FindAsync(ns, "a")).Generation());

        // The API server drops a status that a user sends with the object.
        await server.Api.MergeAsync(
            Kind.RouteRules,
            new(ns, "a"),
            """{"spec":{"precedence":1},"status":{"observedGeneration":9}}""",
            Cancelled);
        var edited = await FindAsync(ns, "a");
        Assert.Equal(
            (2, "1", "False"),
            (edited.Generation(), edited.TextAt("status.observedGeneration"), edited.At("status.conditions")!.Value[0].Text("status")));
    }

    [Theory]
    [InlineData("""{"destination":{"name":"a"},"httpReqTimeout":{"simpleTimeout":{"timeout":"3s"}},"websocketUpgrade":true}""")]
    [InlineData("""{"destination":{"name":"a"},"http_req_timeout":{"simple_timeout":{"timeout":"3s"}},"websocket_upgrade":true}""")]
    public async Task EitherSpelling_IsKeptAsItIs(string spec)
    {
        var ns = await server.CreateNamespaceAsync(Cancelled);
        await CreateAsync(ns, "a", spec);
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(spec), (await FindAsync(ns, "a")).At("spec")!.Value));
    }

    [Theory]
    [InlineData("""{"destination":{"name":"a"},"precedence":"1"}""", "spec.precedence")]
    [InlineData("""{"destination":{"name":"a"},"precedence":1.5}""", "spec.precedence")]
    [InlineData("""{"destination":{"name":7}}""", "spec.destination.name")]
    [InlineData("""{"destination":{"name":"a"},"route":[{"weight":"100"}]}""", "spec.route[0].weight")]
    [InlineData("""{"destination":{"name":"a"},"route":{"weight":100}}""", "spec.route")]
    [InlineData("""{"destination":{"name":"a"},"websocket_upgrade":"yes"}""", "spec.websocket_upgrade")]
    public async Task WrongShape_IsRefused_WithItsField(string spec, string field)
    {
        var ns = await server.CreateNamespaceAsync(Cancelled);
        var refusal = await Assert.ThrowsAsync<KubeStatusException>(() => CreateAsync(ns, "a", spec));
        Assert.Equal((422, "Invalid"), (refusal.Code, refusal.Reason));
        // Up to 1.20 the number of an element is not told.
        var told = server.Minor <= 20 ? field.Replace("[0]", "", StringComparison.Ordinal) : field;
        Assert.Contains(refusal.Causes, cause => cause.Field == told);
    }

    [Fact]
    public async Task RuleWithoutSpec_IsRefused()
    {
        var ns = await server.CreateNamespaceAsync(Cancelled);
        var refusal = await Assert.ThrowsAsync<KubeStatusException>(() =>
            server.Api.CreateAsync(
                Kind.RouteRules,
                ns,
                Parse("""{"apiVersion":"config.istio.io/v1alpha2","kind":"RouteRule","metadata":{"name":"a"}}"""),
                WriteOptions.Default,
                Cancelled));
        // If a shape is wrong, a server that has rules of CEL also says that it did not get to them.
        Assert.Equal("spec", Assert.Single(refusal.Causes, cause => cause.Field != "<nil>").Field);
    }

    private Task<JsonElement> CreateAsync(string ns, string name, string spec) => server.Api.CreateAsync(
        Kind.RouteRules,
        ns,
        Parse($$"""{"apiVersion":"config.istio.io/v1alpha2","kind":"RouteRule","metadata":{"name":"{{name}}"},"spec":{{spec}} }"""),
        WriteOptions.Default,
        Cancelled);

    private Task<JsonElement> FindAsync(string ns, string name) => server.Api.GetAsync(Kind.RouteRules, new(ns, name), Cancelled);

    private Task<JsonElement> SetStatusAsync(string ns, string name, string accepted) =>
        new ServerSideApply(server.Api, "test").ApplyStatusAsync(
            Kind.RouteRules,
            new(ns, name),
            Parse(
                $$"""
                {"observedGeneration":1,"conditions":[
                  {"type":"Accepted","status":"{{accepted}}","reason":"Test","message":"for a test","lastTransitionTime":"2026-01-01T00:00:00Z"},
                  {"type":"Programmed","status":"Unknown","reason":"NoProxy","message":"for a test","lastTransitionTime":"2026-01-01T00:00:00Z"}]}
                """),
            Cancelled);
}
