using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Turnpike.Tests.Cli;

/// <summary>version, with and without a cluster.</summary>
public sealed partial class VersionTests : ClusterFixture
{
    [Fact]
    public async Task WithoutACluster_OnlyTheClientIsKnown()
    {
        var run = await CliRun.Of("version");
        Assert.Equal(
            (0, "note: no cluster is configured: give --kubeconfig FILE, set KUBECONFIG, or write ~/.kube/config\n"),
            (run.ExitCode, run.Error));
        Assert.Matches(ClientOnly(), run.Output);
        run = await Turnpike("version", "-c", WriteKubeconfig("nobody", new Uri("http://127.0.0.1:1")));
        Assert.Equal(0, run.ExitCode);
        Assert.StartsWith("note: cannot reach the API server http://127.0.0.1:1/: Connection refused", run.Error, StringComparison.Ordinal);
        Assert.Matches(ClientOnly(), run.Output);
    }

    [Fact]
    public async Task Client_AsksNoCluster()
    {
        var run = await Turnpike("version", "--client");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Matches(ClientOnly(), run.Output);
        Assert.Empty(Api.Requests);
    }

    [Fact]
    public async Task Operator_AndProxies_AreToldByTheCluster()
    {
        Api.Put("v1/configmaps", "istio-system", "turnpike-status", new JsonObject
        {
            ["data"] = new JsonObject
            {
                ["build"] = "0.2.0+0123456789ab",
                ["proxies"] = """
                    [{"pod": "a", "namespace": "x", "build": "0.2.0+0123456789ab"}, {"pod": "b", "namespace": "x", "build": "0.1.0"},
                     {"pod": "c", "namespace": "x", "build": "0.2.0+0123456789ab"}]
                    """,
            },
        });
        var run = await Istioctl("version");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(
            """
            operator    0.2.0     0123456789ab
            2 proxies   0.2.0     0123456789ab
            1 proxy     0.1.0     unknown

            """,
            run.Output.Split('\n', 3)[2]);
        var json = JsonNode.Parse((await Turnpike("version", "-o", "json")).Output)!;
        Assert.Equal(("0.2.0", "0123456789ab"), ((string?)json["operator"]!["version"], (string?)json["operator"]!["commit"]));
        Assert.Equal(
            [("0.2.0", "0123456789ab", 2), ("0.1.0", null, 1)],
            json["proxies"]!.AsArray().Select(p => ((string?)p!["version"], (string?)p["commit"], (int)p["count"]!)));
        Assert.NotNull((string?)json["client"]!["version"]);
    }

    [Fact]
    public async Task Operator_ThatHasNotReported_IsKnownByItsDeployment()
    {
        Api.Put("apps/v1/deployments", "istio-system", "turnpike-operator", Json("""
            {"spec": {"template": {"spec": {"containers": [{"image": "registry:5000/turnpike/operator:0.3.0"}]} } } }
            """));
        Assert.Contains("\noperator   0.3.0     unknown\n", (await Turnpike("version")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cluster_WithoutAnOperator_IsSaidToBe()
    {
        var run = await Turnpike("version", "-o", "json");
        Assert.Equal((0, "note: no operator is installed in namespace istio-system\n"), (run.ExitCode, run.Error));
        Assert.Null(JsonNode.Parse(run.Output)!["operator"]);
    }

    [GeneratedRegex(@"\APROGRAM   VERSION   COMMIT\nclient    [0-9]+\.[0-9]+\.[0-9]+ +([0-9a-f]{12}|unknown)\n\z")]
    private static partial Regex ClientOnly();
}
