using System.Text.Json.Nodes;
using Turnpike.Routing;
using Turnpike.Tests.Support.FakeApiServer;

namespace Turnpike.Tests.Cli;

/// <summary>explain on a table, on a cluster, and with a command line that says nothing sensible.</summary>
public sealed class ExplainTests : ClusterFixture
{
    private static readonly string[] Kinds =
    [
        "networking.k8s.io/v1/ingresses", "networking.k8s.io/v1/ingressclasses", "v1/services", "v1/endpoints", "v1/pods", "v1/namespaces", "v1/secrets", "v1/configmaps",
    ];

    [Fact]
    public async Task Table_IsEnough()
    {
        var route = new Route { Path = PathMatch.Any, Targets = [new WeightedCluster("default/web:80", 100)], Timeout = TimeSpan.FromSeconds(15) };
        var entry = new PathEntry { Path = PathMatch.Any, Origin = new RouteOrigin("Ingress", "default/web", "spec.rules[0].http.paths[0]", "rule 1 path 1"), Routes = [route] };
        var table = new RouteTable
        {
            Listeners = IngressListeners.Of(null, new VirtualHostSet([new VirtualHost("foo.com", [entry])])),
            Clusters = new ClusterSet([new Cluster { Name = "default/web:80", Endpoints = [new Endpoint("10.0.0.1", 8080)] }]),
            Certificates = [new Certificate("default/fallback", [], "", ""), new Certificate("default/foo", ["*.com"], "", "")],
        };
        var file = Directory.Write("table.json", System.Text.Encoding.UTF8.GetString(RouteTableJson.Serialize(RouteTableJson.WithVersion(table))));

        var secure = await Turnpike("explain", "GET", "https://foo.com/", "--table", file);
        Assert.Equal((0, ""), (secure.ExitCode, secure.Error));
        Assert.Contains("certificate   default/foo\n", secure.Output, StringComparison.Ordinal);
        Assert.Contains("to            default/web:80: 10.0.0.1:8080\n", secure.Output, StringComparison.Ordinal);

        var plain = await Turnpike("explain", "GET", "http://foo.com/", "--table", file);
        Assert.Contains("response      404: no virtual host on the http listener matches foo.com; the https listener has it: default/web rule 1 path 1\n", plain.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cluster_IsReadAndCompiled()
    {
        Install();
        var run = await Turnpike("explain", "GET", "http://foo.com/slow", "-o", "json");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        var json = JsonNode.Parse(run.Output)!;
        Assert.Equal("default/web", (string?)json["ingress"]!["name"]);
        Assert.Equal("default/slow", (string?)json["rules"]![0]!["name"]);
        Assert.True((bool)json["rules"]![0]!["taken"]!);
        Assert.Equal("10.1.0.1:8080", (string?)json["targets"]![0]!["endpoints"]![0]);
        Assert.Equal("the endpoint's response; 504 after 3s", (string?)json["response"]);
        Assert.Empty(json["notes"]!.AsArray());
    }

    [Fact]
    public async Task ForbiddenKind_IsSaidAndTakenAsEmpty()
    {
        Install();
        Api.Faults = request => request.Path.EndsWith("/secrets", StringComparison.Ordinal) ? new Fault(403) : null;
        var run = await Turnpike("explain", "GET", "http://foo.com/slow");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("note          you may not list secrets, or the cluster does not serve them: they are treated as if there were none\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("  > default/slow", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TableOfTheControlPlane_IsCompared()
    {
        Install();
        Api.Put("v1/configmaps", "istio-system", "turnpike-status", new JsonObject { ["data"] = new JsonObject { ["tableVersion"] = "other" } });
        var run = await Turnpike("explain", "GET", "http://foo.com/slow");
        Assert.Contains("note          the control plane has table other, the objects that you see make ", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("URL: \"foo.com/\" has no scheme that the ingress serves; write http://HOST[:PORT]/PATH or https://HOST[:PORT]/PATH", "GET", "foo.com/")]
    [InlineData("URL: \"http:///x\" has no host; write http://HOST[:PORT]/PATH or https://HOST[:PORT]/PATH", "GET", "http:///x")]
    [InlineData("METHOD: \"G ET\" is not a method such as GET or POST", "G ET", "http://foo.com/")]
    [InlineData("--header: \"x\" is not a header; write 'Name: value'", "GET", "http://foo.com/", "-H", "x")]
    public async Task Nonsense_IsOneClearLine(string message, params string[] arguments)
    {
        var run = await CliRun.Of(["explain", .. arguments, "--config-dir", Directory.Path]);
        Assert.Equal(($"turnpike: cannot be explained: {message}", ""), (Assert.Single(run.ErrorLines), run.Output));
        Assert.NotEqual(0, run.ExitCode);
    }

    private void Install()
    {
        foreach (var kind in Kinds)
            Api.Serve(kind);
        Put("v1/services", "web", """{"spec": {"ports": [{"name": "http", "port": 80}]}}""");
        Put("v1/endpoints", "web", """{"subsets": [{"addresses": [{"ip": "10.1.0.1"}], "ports": [{"name": "http", "port": 8080}]}]}""");
        Put("v1/pods", "web-1", """{"status": {"phase": "Running", "podIP": "10.1.0.1"}}""");
        Put("networking.k8s.io/v1/ingresses", "web", """
            {"metadata": {"annotations": {"kubernetes.io/ingress.class": "istio"}}, "spec": {"rules": [{"host": "foo.com", "http": {"paths": [
              {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}]}}
            """);
        Put(Rules, "slow", """
            {"spec": {"destination": {"name": "web"}, "match": {"request": {"headers": {"uri": {"prefix": "/slow"}}}}, "httpReqTimeout": {"simpleTimeout": {"timeout": "3s"}}}}
            """);
    }

    private void Put(string collection, string name, string json) => Api.Put(collection, "default", name, JsonNode.Parse(json)!.AsObject());
}
