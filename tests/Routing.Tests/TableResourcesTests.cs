using Turnpike.Routing;

namespace Turnpike.Tests.Routing;

public sealed class TableResourcesTests
{
    [Fact]
    public void ChangedEndpoint_TravelsAsOneCluster()
    {
        var before = Table(1);
        var after = RouteTableJson.WithVersion(before with { Clusters = new ClusterSet([before.Clusters.All[0], before.Clusters.All[1] with { Endpoints = [new Endpoint("10.0.0.9", 80)] }]) });
        var delta = TableResources.Of(after).Since(TableResources.Of(before));
        Assert.Equal(new ResourceKey(ResourceKind.Cluster, "b"), Assert.Single(delta.Changed).Key);
        Assert.Empty(delta.Removed);
    }

    [Fact]
    public void Replica_MakesTheSameTableOverAnySequence()
    {
        var replica = new TableReplica();
        var known = TableResources.None;
        foreach (var size in new[] { 1, 3, 2, 5, 0, 4 })
        {
            var table = Table(size);
            var resources = TableResources.Of(table);
            var assembled = replica.Apply(resources.Since(known));
            Assert.Equal(RouteTableJson.Serialize(table), RouteTableJson.Serialize(assembled));
            known = resources;
        }
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(3, 0)]
    [InlineData(2, 5)]
    [InlineData(5, 2)]
    [InlineData(4, 4)]
    public void Comparison_WithWhatIsNamedPartByPart_IsTheSameWay(int from, int to)
    {
        var (known, table) = (TableResources.Of(Table(from)), TableResources.Of(Table(to)));
        var comparison = table.CompareWith(known.TableVersion);
        foreach (var resource in known.All.Reverse())
            comparison.Has(resource.Key, resource.Version);
        var (expected, delta) = (table.Since(known), comparison.Delta());
        Assert.Equal((expected.From, expected.To), (delta.From, delta.To));
        Assert.Equal(expected.Changed, delta.Changed);
        Assert.Equivalent(expected.Removed, delta.Removed, strict: true);
    }

    [Fact]
    public void UntouchedParts_StayTheSameObjects()
    {
        var replica = new TableReplica();
        var before = Table(2);
        var first = replica.Apply(TableResources.Of(before).Since(TableResources.None));
        var after = RouteTableJson.WithVersion(before with { Clusters = new ClusterSet(before.Clusters.All.Take(1)) });
        var second = replica.Apply(TableResources.Of(after).Since(TableResources.Of(before)));
        Assert.Same(first.FindListener("http"), second.FindListener("http"));
        Assert.NotSame(first.Clusters, second.Clusters);
        Assert.Same(first.Clusters.All[0], second.Clusters.All[0]);
    }

    /// <summary>A changed rule travels as one list of routes, whatever the number of paths that lead to it.</summary>
    [Fact]
    public void ChangedRule_TravelsAsOneList()
    {
        static RouteTable Of(string rule)
        {
            var list = new RouteList("default/web:80", [new Route { Rule = rule, Path = PathMatch.Any, Targets = [new WeightedCluster("a", 100)] }]);
            var entries = Enumerable.Range(0, 100).Select(i => new PathEntry { Path = PathMatch.Prefix($"/{i}"), Origin = new RouteOrigin("Ingress", "default/web", $"spec.rules[0].http.paths[{i}]", $"rule 1 path {i + 1}"), Routes = list });
            return RouteTableJson.WithVersion(new RouteTable { Listeners = IngressListeners.Of(new VirtualHostSet([new VirtualHost("a.com", [.. entries]), Host(1)]), null) });
        }
        var (before, after) = (Of("default/one"), Of("default/two"));
        var delta = TableResources.Of(after).Since(TableResources.Of(before));
        Assert.Equal(new ResourceKey(ResourceKind.Routes, "default/web:80"), Assert.Single(delta.Changed).Key);
        Assert.True(delta.Changed[0].Body.Length < 500);

        var replica = new TableReplica();
        var first = replica.Apply(TableResources.Of(before).Since(TableResources.None));
        var second = replica.Apply(delta);
        Assert.Equal(RouteTableJson.Serialize(after), RouteTableJson.Serialize(second));
        Assert.Equal("default/two", second.FindListener("http")!.Hosts.Find("a.com")!.FindPath("/7")!.Routes.All[0].Rule);
        Assert.Same(second.FindListener("http")!.Hosts.Find("a.com")!.FindPath("/7")!.Routes, second.FindListener("http")!.Hosts.Find("a.com")!.FindPath("/8")!.Routes);
        Assert.Same(first.FindListener("http")!.Hosts.Find("h1.com"), second.FindListener("http")!.Hosts.Find("h1.com"));
    }

    [Fact]
    public void ListThatIsNotThere_IsRefused_AndChangesNothing()
    {
        var replica = new TableReplica();
        var table = Table(1);
        replica.Apply(TableResources.Of(table).Since(TableResources.None));
        var list = Assert.Single(TableResources.Of(table).All, r => r.Key.Kind == ResourceKind.Routes);
        var e = Assert.Throws<FormatException>(() => replica.Apply(new TableDelta(table.Version, "next", [], [list.Key])));
        Assert.Contains("there are no routes", e.Message, StringComparison.Ordinal);
        Assert.Equal(table.Version, replica.Version);
    }

    [Fact]
    public void WrongStart_ChangesNothing()
    {
        var replica = new TableReplica();
        var table = Table(2);
        replica.Apply(TableResources.Of(table).Since(TableResources.None));
        Assert.Throws<FormatException>(() => replica.Apply(TableResources.Of(Table(3)).Since(TableResources.Of(Table(1)))));
        Assert.Equal(table.Version, replica.Version);
    }

    [Fact]
    public void WholeTable_ReplacesWhatIsThere()
    {
        var replica = new TableReplica();
        replica.Apply(TableResources.Of(Table(5)).Since(TableResources.None));
        var table = Table(2);
        var assembled = replica.Apply(TableResources.Of(table).Since(TableResources.None));
        Assert.Equal(RouteTableJson.Serialize(table), RouteTableJson.Serialize(assembled));
        Assert.Equal(
            TableResources.Of(table).All.Select(r => (r.Key, r.Version)).ToHashSet(), replica.Versions.Select(v => (v.Key, v.Value)).ToHashSet());
    }

    [Fact]
    public void TableThatCannotBeUsed_ChangesNothing()
    {
        var replica = new TableReplica();
        var table = Table(2);
        replica.Apply(TableResources.Of(table).Since(TableResources.None));
        var delta = TableResources.Of(Table(3)).Since(TableResources.Of(table));
        Assert.Throws<FormatException>(() => replica.Apply(delta, _ => throw new FormatException("not this one")));
        Assert.Equal(table.Version, replica.Version);
        Assert.Equal(TableResources.Of(table).All.Length, replica.Versions.Count);
        var used = new List<RouteTable>();
        Assert.Same(replica.Apply(delta, used.Add), Assert.Single(used));
    }

    [Theory]
    [InlineData(ResourceKind.Listener, "x", "{}")]
    [InlineData(ResourceKind.Listener, "x", """{"name":"x"}""")]
    [InlineData(ResourceKind.Listener, "x", """{"name":"y","protocol":"http"}""")]
    [InlineData(ResourceKind.Listener, "x/y", """{"name":"x/y","protocol":"http"}""")]
    [InlineData(ResourceKind.Listener, "x", """{"name":"x","protocol":"Http"}""")]
    [InlineData(ResourceKind.Listener, "x", """{"name":"x","protocol":"http","port":65536}""")]
    [InlineData(ResourceKind.Listener, "http", """{"name":"http","protocol":"tcp"}""")]
    [InlineData(ResourceKind.VirtualHost, "http/a.com", "{}")]
    [InlineData(ResourceKind.VirtualHost, "http/", "{}")]
    [InlineData(ResourceKind.VirtualHost, "http/a.com", """{"domain":"b.com","paths":[]}""")]
    [InlineData(ResourceKind.VirtualHost, "a.com", """{"domain":"a.com","paths":[]}""")]
    [InlineData(ResourceKind.VirtualHost, "/a.com", """{"domain":"a.com","paths":[]}""")]
    [InlineData(ResourceKind.VirtualHost, "gone/a.com", """{"domain":"a.com","paths":[]}""")]
    [InlineData(ResourceKind.Cluster, "c", "{}")]
    [InlineData(ResourceKind.Routes, "r", "{}")]
    [InlineData(ResourceKind.Routes, "r", """{"name":"b","routes":[]}""")]
    [InlineData(ResourceKind.Cluster, "c", """{"name":"b"}""")]
    [InlineData(ResourceKind.Certificate, "d", "{}")]
    [InlineData(ResourceKind.Certificate, "d", "null")]
    [InlineData((ResourceKind)9, "", "{}")]
    public void ResourceThatSaysTooLittle_IsRefused_AndChangesNothing(ResourceKind kind, string name, string body)
    {
        var replica = new TableReplica();
        var table = Table(2);
        replica.Apply(TableResources.Of(table).Since(TableResources.None));
        var bad = new TableResource(new ResourceKey(kind, name), "x", System.Text.Encoding.UTF8.GetBytes(body));
        Assert.Throws<FormatException>(() => replica.Apply(new TableDelta(table.Version, "next", [bad], [])));
        var next = Table(3);
        Assert.Equal(RouteTableJson.Serialize(next), RouteTableJson.Serialize(replica.Apply(TableResources.Of(next).Since(TableResources.Of(table)))));
    }

    [Fact]
    public void UnreadableResource_ChangesNothing()
    {
        var replica = new TableReplica();
        var table = Table(2);
        replica.Apply(TableResources.Of(table).Since(TableResources.None));
        var bad = new TableResource(new ResourceKey(ResourceKind.Cluster, "b"), "x", "{]"u8.ToArray());
        var good = new TableResource(new ResourceKey(ResourceKind.Cluster, "c"), "y", "{\"name\":\"c\"}"u8.ToArray());
        Assert.Throws<FormatException>(() => replica.Apply(new TableDelta(table.Version, "next", [good, bad], [])));
        var next = RouteTableJson.WithVersion(table with { Settings = new ProxySettings { TrustedCidrs = ["10.0.0.0/8"] } });
        var assembled = replica.Apply(TableResources.Of(next).Since(TableResources.Of(table)));
        Assert.Equal(RouteTableJson.Serialize(next), RouteTableJson.Serialize(assembled));
    }

    private static RouteTable Table(int size) => RouteTableJson.WithVersion(new RouteTable
    {
        Listeners = [.. IngressListeners.Of(
            new VirtualHostSet(Enumerable.Range(0, size).Select(Host)),
            new VirtualHostSet(Enumerable.Range(size, size).Select(Host))).Select(l => l.Name == IngressListeners.Https ? l with { Port = size } : l)],
        Clusters = new ClusterSet([new Cluster { Name = "a" }, new Cluster { Name = "b", Endpoints = [new Endpoint("10.0.0.1", 80)] }]),
        Certificates = [.. Enumerable.Range(0, size).Select(i => new Certificate($"default/{i}", [$"h{i}.com"], "c", "k")), new Certificate("default/0", [], "c", "k")],
    });

    private static VirtualHost Host(int number) => new($"h{number}.com", [
        new PathEntry
        {
            Path = PathMatch.Prefix("/"),
            Origin = new RouteOrigin("Ingress", "default/web", "spec.rules[0].http.paths[0]", "rule 1 path 1"),
            Routes = [new Route { Path = PathMatch.Prefix("/"), Targets = [new WeightedCluster("a", 100)], Timeout = TimeSpan.FromSeconds(15) }],
        },
    ]);
}
