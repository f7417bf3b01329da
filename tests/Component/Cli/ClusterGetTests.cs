
namespace Turnpike.Tests.Component.Cli;

/// <summary>get against an API server.</summary>
public sealed class ClusterGetTests : ClusterFixture
{
    [Theory]
    [InlineData("routerule")]
    [InlineData("routerules")]
    public async Task Short_IsATable(string type)
    {
        PutRule("b");
        PutRule("a-rule-with-a-name");
        PutRule("elsewhere", "other");
        var run = await Istioctl("get", type);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            """
            NAME                 KIND                                 NAMESPACE
            a-rule-with-a-name   RouteRule.v1alpha2.config.istio.io   default
            b                    RouteRule.v1alpha2.config.istio.io   default

            """,
            run.Output);
    }

    [Fact]
    public async Task Yaml_IsWhatReplaceTakes()
    {
        PutRule("rule", "prod");
        var run = await Istioctl("get", "routerule", "rule", "-n", "prod", "-o", "yaml");
        Assert.Equal(
            $$"""
            apiVersion: config.istio.io/v1alpha2
            kind: RouteRule
            metadata:
              name: rule
              namespace: prod
              resourceVersion: "{{Rule("rule", "prod")!["metadata"]!["resourceVersion"]}}"
            spec:
              destination:
                name: web
              httpReqTimeout:
                simpleTimeout:
                  timeout: 3s
            ---

            """,
            run.Output);
        Assert.Equal(0, (await Run("istioctl", run.Output, "replace", "-f", "-")).ExitCode);
    }

    [Fact]
    public async Task Yaml_ShowsAnInvalidRuleAsItIs()
    {
        Api.Put(Rules, "default", "old", Json("""
            {"apiVersion": "config.istio.io/v1alpha2", "kind": "RouteRule", "metadata": {"name": "old", "managedFields": [{}]},
             "spec": {"weird": true}, "status": {}}
            """));
        var run = await Turnpike("get", "routerules", "-o", "yaml");
        Assert.Contains("spec:\n  weird: true\n---\n", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("managedFields", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("status", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("get", "routerules")]
    [InlineData("get", "routerule", "absent")]
    public async Task None_IsNoFailure(params string[] arguments)
    {
        PutRule("elsewhere", "other");
        var run = await Istioctl(arguments);
        Assert.Equal((0, "No resources found.\n", ""), (run.ExitCode, run.Output, run.Error));
    }

    [Fact]
    public async Task Failure_OfTheServerIsNotHidden()
    {
        Api.FailNext(1, new(403, null, "routerules is forbidden: not for you"), _ => true);
        var run = await Turnpike("get", "routerule", "a");
        Assert.Equal((1, "", "turnpike: routerules is forbidden: not for you\n"), (run.ExitCode, run.Output, run.Error));
    }

    [Fact]
    public async Task Credentials_ThatAreNotAccepted_AreSaidToBe()
    {
        Api.FailNext(1, new(401, null, "Unauthorized"), _ => true);
        Assert.Equal("turnpike: the API server does not accept the kubeconfig's credentials\n", (await Turnpike("get", "routerules")).Error);
    }

    [Theory]
    [InlineData("route-rule", "unknown type \"route-rule\": write routerule, without the hyphen")]
    [InlineData("route-rules", "unknown type \"route-rules\": write routerules, without the hyphen")]
    [InlineData("gateway", "unknown type \"gateway\": the types are routerule, routerules")]
    public async Task Type_MustBeKnown(string type, string message)
    {
        var run = await Istioctl("get", type);
        Assert.Equal((255, $"Error: {message}\n"), (run.ExitCode, run.Error));
        run = await Istioctl("delete", type, "a");
        Assert.Equal((255, $"Error: {message}\n"), (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task Name_MustBeOne()
    {
        var run = await Turnpike("get", "routerule", "..");
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("turnpike: RouteRule: \"..\" is not a name", run.Error, StringComparison.Ordinal);
        Assert.StartsWith("turnpike: --namespace: \"..\" is not a name", (await Turnpike("get", "routerules", "-n", "..")).Error, StringComparison.Ordinal);
    }
}
