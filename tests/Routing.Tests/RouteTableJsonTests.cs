using System.Text;
using Turnpike.Primitives;
using Turnpike.Routing;

namespace Turnpike.Tests.Routing;

public sealed class RouteTableJsonTests
{
    [Fact]
    public void RoundTrip_KeepsEverything()
    {
        var table = RouteTableJson.WithVersion(Full());
        var bytes = RouteTableJson.Serialize(table);
        var again = RouteTableJson.Deserialize(bytes);
        Assert.Equal(bytes, RouteTableJson.Serialize(again));
        Assert.Equal(TableText.Write(table), TableText.Write(again));
        Assert.Equal(table.Version, RouteTableJson.WithVersion(again).Version);
    }

    [Fact]
    public void Version_ChangesWithTheContent()
    {
        var one = RouteTableJson.WithVersion(Full());
        var other = RouteTableJson.WithVersion(Full() with { Clusters = ClusterSet.Empty });
        Assert.NotEqual(one.Version, other.Version);
        Assert.Equal(one.Version, RouteTableJson.WithVersion(Full()).Version);
    }

    [Fact]
    public void MissingFields_HaveTheirDefaults()
    {
        var table = RouteTableJson.Deserialize("""
            {"format":2,"future":{"x":1},
             "listeners":[{"name":"http","protocol":"http","hosts":[
                {"domain":"*","paths":[{"path":{"kind":"Prefix","value":"/"},"origin":{"ingress":"a/b","rule":1,"path":1},"routes":"d/s:80"}]}]}],
             "routes":[{"name":"d/s:80","routes":[{"path":{"kind":"Prefix","value":"/"},"targets":[{"cluster":"c","weight":100}]}]}],
             "clusters":[{"name":"c"}]}
            """u8);
        var route = table.FindListener("http")!.Hosts.Find("x")!.FindPath("/y")!.Routes.All[0];
        Assert.Equal(TimeSpan.Zero, route.Timeout);
        Assert.Empty(route.Conditions);
        Assert.Empty(route.AppendHeaders);
        Assert.True(table.Clusters.TryGet("c", out var cluster));
        Assert.Empty(cluster.Endpoints);
        Assert.True(cluster.ConnectTimeout.IsDefault);
        Assert.Equal(ProxyDefaults.ConnectTimeout, cluster.EffectiveConnectTimeout);
        Assert.True(table.Settings.DrainDuration.IsDefault);
        Assert.Equal(ProxyDefaults.DrainDuration, table.Settings.EffectiveDrainDuration);
        Assert.Equal(CircuitLimits.Default, table.Settings.Limits);
        Assert.Empty(table.Certificates);
    }

    /// <summary>No authority and an authority without a certificate are two things: the first is not verified, the second lets nobody pass.</summary>
    [Fact]
    public void Tls_TellsNotVerifiedAndNothingPassesApart()
    {
        var again = RouteTableJson.Deserialize(RouteTableJson.Serialize(Full())).Clusters.All.Where(c => c.Tls is not null).ToArray();
        Assert.Equal([false, true, true], again.Select(c => c.Tls!.IsVerified));
        Assert.Equal([null, "pem", ""], again.Select(c => c.Tls!.AuthorityPem));
        Assert.Equal([false, false, true], again.Select(c => c.LacksAuthority));
        Assert.Equal(Full().Clusters.All.Select(c => c.Tls), RouteTableJson.Deserialize(RouteTableJson.Serialize(Full())).Clusters.All.Select(c => c.Tls));
    }

    /// <summary>A default, something disabled and a value travel as three different things.</summary>
    [Fact]
    public void Settings_TellDefaultDisabledAndValueApart()
    {
        ProxySettings[] all =
        [
            new(),
            new() { DrainDuration = TimeoutSetting.Disabled },
            new() { DrainDuration = TimeSpan.FromSeconds(45) },
            new() { Limits = new CircuitLimits { Connections = 1024 } },
            new() { Limits = new CircuitLimits { Connections = LimitSetting.Unlimited } },
        ];
        var again = all.Select(s => RouteTableJson.Deserialize(RouteTableJson.Serialize(RouteTable.Empty with { Settings = s })).Settings).ToArray();
        Assert.Equal(all.Select(s => (s.DrainDuration, s.Limits)), again.Select(s => (s.DrainDuration, s.Limits)));
        Assert.Equal(all.Length, again.Select(s => (s.DrainDuration, s.Limits)).Distinct().Count());
        Assert.Equal(new[] { 45.0, 0, 45, 45, 45 }, again.Select(s => s.EffectiveDrainDuration.TotalSeconds));
        Assert.Equal(new[] { 1024, 1024, 1024, 1024, int.MaxValue }, again.Select(s => s.Limits.Effective().Connections));
    }

    [Theory]
    [InlineData("{\"format\":2,\"settings\":{\"drainDuration\":\"00:00:00\"}}")]
    [InlineData("{\"format\":2,\"settings\":{\"drainDuration\":45}}")]
    [InlineData("{\"format\":2,\"settings\":{\"limits\":{\"connections\":0}}}")]
    [InlineData("{\"format\":2,\"settings\":{\"limits\":{\"connections\":-1}}}")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"format\":2,\"listeners\":[{\"name\":\"http\",\"protocol\":\"http\",\"hosts\":[null]}]}")]
    [InlineData("{\"format\":2,\"listeners\":[{\"name\":\"http\",\"protocol\":\"http\",\"hosts\":[{\"domain\":null,\"paths\":[]}]}]}")]
    [InlineData("{\"format\":2,\"listeners\":[{\"name\":\"http\",\"protocol\":\"http\",\"hosts\":[{\"domain\":\"*\",\"paths\":[{}]}]}]}")]
    [InlineData("{\"format\":2,\"clusters\":[{}]}")]
    [InlineData("{\"format\":2,\"certificates\":[null]}")]
    [InlineData("{\"format\":2,\"certificates\":[{\"name\":\"default/tls\"}]}")]
    [InlineData("{\"format\":2,\"certificates\":[{\"hosts\":[]}]}")]
    [InlineData("{\"format\":2,\"clusters\":[{\"name\":\"c\",\"tls\":{}}]}")]
    [InlineData("{\"format\":2,\"listeners\":[{\"name\":\"http\",\"protocol\":\"http\",\"hosts\":[{\"domain\":\"*\",\"paths\":[{\"path\":{\"kind\":\"Exact\",\"value\":null},\"origin\":null}]}]}]}")]
    [InlineData("{\"format\":2,\"routes\":[{\"name\":\"r\",\"routes\":[{\"path\":{\"value\":\"/\"},\"conditions\":[{\"target\":\"Header\",\"name\":\"x\",\"kind\":\"Regex\",\"value\":\"(\"}]}]}]}")]
    [InlineData("{\"format\":2,\"routes\":[{\"name\":\"r\",\"routes\":[{\"path\":{\"kind\":\"ElementPrefix\",\"value\":\"/a\"}}]}]}")]
    [InlineData("{\"format\":2,\"routes\":[{\"routes\":[]}]}")]
    [InlineData("{\"format\":2,\"routes\":[{\"name\":\"r\",\"routes\":[]},{\"name\":\"r\",\"routes\":[]}]}")]
    [InlineData("{\"format\":2,\"listeners\":[{\"name\":\"http\",\"protocol\":\"http\",\"hosts\":[{\"domain\":\"*\",\"paths\":[{\"path\":{\"kind\":\"Exact\",\"value\":\"/\"},\"origin\":null,\"routes\":\"nowhere\"}]}]}]}")]
    [InlineData("{\"format\":2,\"listeners\":[{\"name\":\"http\",\"protocol\":\"http\",\"hosts\":[{\"domain\":\"*\",\"paths\":[{\"path\":{\"kind\":\"Exact\",\"value\":\"/\"},\"origin\":null,\"routes\":[]}]}]}]}")]
    [InlineData("{\"format\":2,\"listeners\":[null]}")]
    [InlineData("{\"format\":2,\"listeners\":[{}]}")]
    [InlineData("{\"format\":2,\"listeners\":[{\"name\":\"http\"}]}")]
    [InlineData("{\"format\":2,\"listeners\":[{\"protocol\":\"http\"}]}")]
    [InlineData("{\"format\":2,\"listeners\":[{\"name\":\"a/b\",\"protocol\":\"http\"}]}")]
    [InlineData("{\"format\":2,\"listeners\":[{\"name\":\"a\",\"protocol\":\"http\",\"port\":-1}]}")]
    [InlineData("{\"format\":2,\"listeners\":[{\"name\":\"a\",\"protocol\":\"http\",\"port\":65536}]}")]
    public void Broken_IsAFormatException(string json) =>
        Assert.Throws<FormatException>(() => RouteTableJson.Deserialize(Encoding.UTF8.GetBytes(json)));

    internal static RouteTable Full()
    {
        var route = new Route
        {
            Rule = "default/rule",
            Precedence = -3,
            Path = PathMatch.Prefix("/a"),
            Conditions =
            [
                new Condition(ConditionTarget.Header, "x", ConditionKind.Present, ""),
                new Condition(ConditionTarget.Path, "", ConditionKind.Regex, "/a/(b|c)"),
                new Condition(ConditionTarget.QueryParameter, "q", ConditionKind.Exact, "1"),
            ],
            Targets = [new WeightedCluster("default/web:80", 90), new WeightedCluster("default/web:80{version=v2}", 10)],
            Timeout = TimeSpan.FromMilliseconds(1500),
            Retry = new RetryPolicy(2, TimeSpan.FromSeconds(1)),
            Rewrite = new RewriteAction("/b", "other"),
            MirrorCluster = "default/mirror:80",
            Cors = new CorsAction(["*"], ["GET"], ["x-a"], ["x-b"], TimeSpan.FromDays(1), true),
            Fault = new FaultAction(0.5, TimeSpan.FromSeconds(2), 12.25, 503),
            AppendHeaders = [new HeaderToAppend("x-added", "1")],
            AllowWebSocket = true,
        };
        var redirect = new Route { Path = PathMatch.Exact("/r"), Redirect = new RedirectAction(308, "https", "else.where", "/p", 8443) };
        var refused = new Route { Path = PathMatch.Any, DirectResponse = new DirectResponseAction(503, "not served") };
        return new RouteTable
        {
            Listeners =
            [
                new Listener { Name = "mysql", Protocol = ListenerProtocols.Tcp, Port = 3306 },
                .. IngressListeners.Of(new VirtualHostSet([new VirtualHost("*.foo.com", [
                    new PathEntry
                    {
                        Path = PathMatch.Exact("/refused"),
                        Origin = new RouteOrigin("Ingress", "default/web", "spec.rules[1].http.paths[0]", "rule 2 path 1"),
                        Routes = new RouteList("refused", [refused]),
                    },
                    new PathEntry
                    {
                        Path = PathMatch.Element("/a"),
                        Origin = new RouteOrigin("Ingress", "default/web", "spec.rules[0].http.paths[1]", "rule 1 path 2") { Service = "default/web" },
                        Routes = new RouteList("default/web:80", [route]),
                        FallsThrough = true,
                    },
                    new PathEntry
                    {
                        Path = PathMatch.Exact("/r"),
                        Origin = new RouteOrigin("Ingress", "default/web", "spec.tls[0]", "tls 1"),
                        Routes = new RouteList("redirect", [redirect]),
                    },
                ])]), new VirtualHostSet([new VirtualHost("foo.com", [])])),
            ],
            Clusters = new ClusterSet([
                new Cluster
                {
                    Name = "default/web:80",
                    Endpoints = [new Endpoint("10.0.0.1", 8080), new Endpoint("fd00::1", 8080)],
                    Protocol = UpstreamProtocol.Http2,
                    LoadBalancing = LoadBalancing.LeastRequest,
                    ConnectTimeout = TimeSpan.FromSeconds(3),
                    Host = "web.default.svc.cluster.local:80",
                },
                new Cluster { Name = "default/web:443", Tls = new UpstreamTls { ServerName = "web.default.svc" } },
                new Cluster { Name = "default/web:443[ca default/a]", Tls = new UpstreamTls { ServerName = "a", Authority = "default/a", AuthorityPem = "pem" } },
                new Cluster { Name = "default/web:443[ca default/gone]", Tls = new UpstreamTls { ServerName = "a", Authority = "default/gone", AuthorityPem = "" }, LacksAuthority = true },
            ]),
            Certificates = [new Certificate("default/tls", ["foo.com"], "cert", "key")],
            Settings = new ProxySettings { TrustedCidrs = ["10.0.0.0/8"], DrainDuration = TimeSpan.FromSeconds(10), Limits = new CircuitLimits { Connections = 5, Retries = CircuitLimits.Unlimited } },
        };
    }
}
