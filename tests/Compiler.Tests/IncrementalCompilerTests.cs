using System.Text.Json.Nodes;
using Turnpike.Compiler;
using Turnpike.Reading;
using Turnpike.Routing;

namespace Turnpike.Tests.Compiler;

/// <summary>Compiling change by change gives what compiling from scratch gives, and does again only what a change concerns.</summary>
public sealed class IncrementalCompilerTests
{
    private readonly ObjectStore _store = new();
    private readonly IncrementalCompiler _compiler = new();

    /// <summary>
    /// A small cluster in which everything meets: namespaces that contend for hosts, wildcards, certificates, rules across namespaces,
    /// subsets, backends that are not there, limits that are reached. Each step changes one object, and now and then several.
    /// </summary>
    [Theory]
    [InlineData(1, "")]
    [InlineData(2, "")]
    [InlineData(3, "")]
    [InlineData(4, "hostOwnership: shared")]
    [InlineData(5, "endpointAddresses: any")]
    [InlineData(6, "endpointAddresses: safe")]
    [InlineData(7, "tlsIngressHttp: none")]
    [InlineData(8, "tlsIngressHttp: allow")]
    [InlineData(9, "namespaceLimits: {tableBytes: 2500}")]
    [InlineData(10, "namespaceLimits: {tableBytes: 4000}")]
    [InlineData(11, "namespaceLimits: {paths: 6, rules: 3}")]
    [InlineData(12, "foreignGuards: warn")]
    public void AnySequenceOfChanges_GivesWhatCompilingFromScratchGives(int seed, string setting)
    {
        var cluster = new ChangingCluster(seed);
        Assert.Empty(ReadObject.From(ChangingCluster.Mesh(setting)).Errors);
        Put(ChangingCluster.Mesh(setting));
        var isLimited = false;
        for (var step = 0; step < 150; step++)
        {
            for (var changes = cluster.Next(8) == 0 ? 6 : 1; changes > 0; changes--)
                cluster.Change(Put, key => _store.Remove(key));
            var snapshot = _store.Snapshot().Snapshot;

            var incremental = _compiler.Compile(snapshot);
            var scratch = RouteCompiler.Compile(snapshot);

            var at = $"seed {seed}, step {step}";
            Assert.True(
                scratch.Diagnostics.SequenceEqual(incremental.Diagnostics),
                Difference(at, scratch.Diagnostics, incremental.Diagnostics));
            var (expected, actual) = (TableResources.Of(scratch.Table), TableResources.Of(incremental.Table));
            Assert.True(expected.TableVersion == actual.TableVersion, Difference(at, Lines(expected), Lines(actual)));
            Assert.True(
                expected.All.Select(r => (r.Key, r.Version)).SequenceEqual(actual.All.Select(r => (r.Key, r.Version))),
                Difference(at, Lines(expected), Lines(actual)));
            Assert.True(
                scratch.Hosts.Claims.Records().Zip(incremental.Hosts.Claims.Records()).All(pair => pair.First.Says(pair.Second)),
                $"{at}: the owners differ");
            Assert.Equal(scratch.Diagnostics, RouteCompiler.Diagnose(snapshot).Diagnostics);
            isLimited |= scratch.Diagnostics.Any(d => d.Reason == DiagnosticReasons.LimitExceeded);
            if (cluster.Next(4) == 0)
                Remember(incremental);
        }
        Assert.Equal(setting.StartsWith("namespaceLimits", StringComparison.Ordinal), isLimited);
    }

    [Fact]
    public void ChangedEndpoint_MakesItsClustersAgain_AndNothingElse()
    {
        var cluster = new ChangingCluster(1);
        ChangingCluster.Fill(Put);
        var before = _compiler.Compile(_store.Snapshot().Snapshot);

        Put(ChangingCluster.Slice("a", "web", ["10.0.0.1", "10.0.0.9"]));
        Put(ChangingCluster.Pod("a", "web-9", "10.0.0.9", "v1"));
        var after = _compiler.Compile(_store.Snapshot().Snapshot);

        var made = after.Table.Clusters.All.Except(before.Table.Clusters.All, ReferenceEqualityComparer.Instance);
        var changed = made.Cast<Cluster>().Select(c => c.Name).ToList();
        Assert.NotEmpty(changed);
        Assert.All(changed, name => Assert.StartsWith("a/web:", name, StringComparison.Ordinal));
        Assert.Contains(after.Table.Clusters.All, c => c.Endpoints.Any(e => e.Address == "10.0.0.9"));
        Assert.Equal(HostsOf(before), HostsOf(after), ReferenceEqualityComparer.Instance);
        Assert.Same(before.Hosts, after.Hosts);
    }

    [Fact]
    public void PodThatOnlyReportsItsStatus_ChangesNothing()
    {
        ChangingCluster.Fill(Put);
        var before = _compiler.Compile(_store.Snapshot().Snapshot);

        var pod = ChangingCluster.Pod("a", "web-1", "10.0.0.1", "v1");
        pod["metadata"]!["resourceVersion"] = "77";
        pod["metadata"]!["annotations"] = new JsonObject { ["seen"] = "now" };
        Put(pod);
        var after = _compiler.Compile(_store.Snapshot().Snapshot);

        Assert.Same(before.Table, after.Table);
    }

    [Fact]
    public void ChangedRule_MakesTheHostsAgainThatLeadToItsService()
    {
        ChangingCluster.Fill(Put);
        var before = _compiler.Compile(_store.Snapshot().Snapshot);

        Put(ChangingCluster.Rule("a", "r1", "web", 41));
        var after = _compiler.Compile(_store.Snapshot().Snapshot);

        var (old, now) = (HostsOf(before), HostsOf(after));
        Assert.Equal(old.Select(h => h.Domain), now.Select(h => h.Domain));
        var changed = now.Where((h, i) => !ReferenceEquals(h, old[i])).ToList();
        Assert.NotEmpty(changed);
        Assert.All(changed, h => Assert.Contains(h.Paths, p => p.Origin.Service == "a/web"));
        Assert.Contains(now, h => changed.All(c => !ReferenceEquals(c, h)));
        Assert.Same(before.Table.Clusters, after.Table.Clusters);
        Assert.Same(before.Hosts, after.Hosts);
    }

    [Fact]
    public void ChangedIngress_MakesItsHostsAgain_AndNoOther()
    {
        ChangingCluster.Fill(Put);
        var before = _compiler.Compile(_store.Snapshot().Snapshot);

        Put(ChangingCluster.Ingress("a", "i-web", "web.example.com", ["/", "/new"], "web", tls: false));
        var after = _compiler.Compile(_store.Snapshot().Snapshot);

        var changed = HostsOf(after).Except(HostsOf(before), ReferenceEqualityComparer.Instance).Cast<VirtualHost>().ToList();
        Assert.Equal(["web.example.com"], changed.Select(h => h.Domain).Distinct());
    }

    [Fact]
    public void SnapshotsOfAStore_ShareWhatHasNotChanged()
    {
        ChangingCluster.Fill(Put);
        var before = _store.Snapshot();

        Put(ChangingCluster.Pod("a", "web-9", "10.0.0.9", "v1"));
        var after = _store.Snapshot();

        Assert.NotEqual(before.Snapshot.Pods, after.Snapshot.Pods);
        Assert.Equal(before.Snapshot with { Pods = [] }, after.Snapshot with { Pods = [] });
        Assert.Equal(before.Diagnostics, after.Diagnostics);
    }

    private static List<VirtualHost> HostsOf(Compilation compilation) =>
        [.. compilation.Table.Listeners.SelectMany(l => l.Hosts.All)];

    private static IEnumerable<string> Lines(TableResources resources) =>
        resources.All.Select(r => $"{r.Key} {System.Text.Encoding.UTF8.GetString(r.Body.Span)}");

    private static string Difference<T>(string at, IEnumerable<T> expected, IEnumerable<T> actual)
    {
        var (left, right) = (expected.ToList(), actual.ToList());
        static string Text(IEnumerable<T> items) => string.Join('\n', items);
        return $"{at}\nonly from scratch:\n{Text(left.Except(right))}\nonly by changes:\n{Text(right.Except(left))}";
    }

    /// <summary>Writes down who has which host, as the leader does.</summary>
    private void Remember(Compilation compilation)
    {
        foreach (var record in compilation.Hosts.Claims.Records())
            Put(ChangingCluster.Record(record.Namespace, record.HostLines, record.PathLines));
    }

    private void Put(JsonObject raw)
    {
        var metadata = raw["metadata"]!.AsObject();
        var key = new ObjectKey((string)raw["kind"]!, (string?)metadata["namespace"] ?? "", (string)metadata["name"]!);
        _store.Put(key, ReadObject.From(raw));
    }
}
