using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Turnpike.Compiler;
using Turnpike.Routing;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Api;
using Turnpike.Tests.Support.Compiler;

namespace Turnpike.Tests.Compiler;

/// <summary>Tests properties that hold for the compiler on every input that the validators accept.</summary>
public sealed class CompilerProperties
{
    private const string Cluster = """
        apiVersion: v1
        kind: Service
        metadata: {name: a, namespace: default}
        spec: {ports: [{name: http, port: 80}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: b, namespace: default}
        spec: {ports: [{name: http, port: 80}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: m, namespace: default}
        spec: {ports: [{name: http, port: 80}]}
        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: web, namespace: default, annotations: {kubernetes.io/ingress.class: istio}}
        spec:
          rules:
          - http:
              paths:
              - {path: /, pathType: Prefix, backend: {service: {name: a, port: {number: 80}}}}
              - {path: /a, pathType: Exact, backend: {service: {name: a, port: {number: 80}}}}
        """;

    [Property(MaxTest = 300)]
    public Property ValidRules_CompileToATableThatHoldsTogether() =>
        Prop.ForAll(Gen.Choose(0, 5).SelectMany(count => RuleSpecs.Valid.ListOf(count)).ToArbitrary(), specs =>
        {
            var store = new ObjectStore();
            store.Put(Cluster);
            var number = 0;
            foreach (var spec in specs)
            {
                var raw = new JsonObject
                {
                    ["apiVersion"] = "config.istio.io/v1alpha2",
                    ["kind"] = "RouteRule",
                    ["metadata"] = new JsonObject { ["name"] = $"r{number++}", ["namespace"] = "default" },
                    ["spec"] = spec.DeepClone(),
                };
                var read = ReadObject.From(raw);
                Assert.Empty(read.Errors);
                store.Put(Manifests.KeyOf(raw), read);
            }
            AssertHoldsTogether(RouteCompiler.Compile(store.Snapshot().Snapshot).Table);
        });

    /// <summary>All compile cases at once, each object with a chance to be left out: whatever is missing, the rest compiles.</summary>
    [Property(MaxTest = 200)]
    public Property MissingObjects_NeverBreakTheRest()
    {
        var cases = GoldenFiles.Cases("compile", ".yaml").Select(GoldenFiles.Read).ToArray();
        return Prop.ForAll(Gen.Elements(cases).SelectMany(_ => Gen.Choose(0, int.MaxValue), (text, seed) => (text, seed)).ToArbitrary(), x =>
        {
            var random = new Random(x.seed);
            var store = new ObjectStore();
            store.Put(x.text, _ => random.Next(3) > 0);
            AssertHoldsTogether(RouteCompiler.Compile(store.Snapshot().Snapshot).Table);
        });
    }

    /// <summary>Whatever one table shares with the one before it, its resources are those that it has by itself.</summary>
    [Property(MaxTest = 100)]
    public Property ResourcesOfATable_DoNotDependOnTheTableBefore()
    {
        var cases = GoldenFiles.Cases("compile", ".yaml").Select(GoldenFiles.Read).ToArray();
        return Prop.ForAll(Gen.Elements(cases).SelectMany(_ => Gen.Choose(0, int.MaxValue), (text, seed) => (text, seed)).ToArbitrary(), x =>
        {
            var random = new Random(x.seed);
            var previous = TableResources.None;
            for (var step = 0; step < 4; step++)
            {
                var store = new ObjectStore();
                store.Put(x.text, _ => random.Next(6) > 0);
                var table = RouteCompiler.Compile(store.Snapshot().Snapshot).Table;
                var (fresh, next) = (TableResources.Of(table), TableResources.Of(table, previous));
                Assert.Equal(fresh.TableVersion, next.TableVersion);
                Assert.Equal(fresh.All.Select(r => (r.Key, r.Version, Convert.ToHexString(r.Body.Span))), next.All.Select(r => (r.Key, r.Version, Convert.ToHexString(r.Body.Span))));
                previous = next;
            }
        });
    }

    private static void AssertHoldsTogether(RouteTable table)
    {
        var bytes = RouteTableJson.Serialize(table);
        Assert.Equal(bytes, RouteTableJson.Serialize(RouteTableJson.Deserialize(bytes)));
        foreach (var entry in table.FindListener("http")!.Hosts.All.Concat(table.FindListener("https")!.Hosts.All).SelectMany(h => h.Paths))
        {
            var routes = entry.Routes.Under(entry.Path);
            Assert.NotEmpty(routes);
            Assert.True(routes[^1] is { Conditions.IsEmpty: true } last && last.Path == entry.Path, "a path entry ends with what takes every request");
            foreach (var route in routes)
            {
                Assert.Equal(route.Redirect is null && route.DirectResponse is null, !route.Targets.IsEmpty);
                Assert.All(route.Targets, t => Assert.True(table.Clusters.TryGet(t.Cluster, out _), t.Cluster));
                Assert.True(route.MirrorCluster is null || table.Clusters.TryGet(route.MirrorCluster, out _));
            }
        }
    }
}
