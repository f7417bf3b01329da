using System.Diagnostics;
using System.Globalization;
using System.Text;
using Turnpike.Api.Mesh;
using Turnpike.Compiler;
using Turnpike.Compiler.Limits;
using Turnpike.Routing;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Compiler;

namespace Turnpike.Tests.Compiler;

/// <summary>Tests what one namespace can make of the table, and what it cannot.</summary>
public sealed class NamespaceLimitTests
{
    private const string Neighbour = """
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: neighbour}
        spec: {ports: [{name: http, port: 80}]}
        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: web, namespace: neighbour, annotations: {kubernetes.io/ingress.class: istio}}
        spec: {rules: [{host: neighbour.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}
        ---
        apiVersion: config.istio.io/v1alpha2
        kind: RouteRule
        metadata: {name: web, namespace: neighbour}
        spec: {destination: {name: web}, match: {request: {headers: {cookie: {regex: "a.*"}}}}, rewrite: {uri: /x}}
        """;

    private const string Service = """
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: team}
        spec: {ports: [{name: http, port: 80}]}
        """;

    /// <summary>Every path leads to every rule: the table holds the rules once.</summary>
    [Fact]
    public void ManyPathsTimesManyRules_IsASmallTable()
    {
        var store = Store([Ingress("many", 2000), .. Enumerable.Range(0, 500).Select(i => Rule($"r{i}", $"uri: {{prefix: /p{i}/}}, x: {{exact: \"{i}\"}}"))]);
        var snapshot = store.Snapshot().Snapshot;
        RouteCompiler.Compile(snapshot);
        var watch = Stopwatch.StartNew();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var compilation = RouteCompiler.Compile(snapshot);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        watch.Stop();
        Assert.Empty(compilation.Diagnostics);
        var bytes = RouteTableJson.Serialize(compilation.Table).Length;
        TestContext.Current.SendDiagnosticMessage($"2000 paths x 500 rules: {watch.Elapsed.TotalMilliseconds:0} ms, {allocated >> 10} KiB allocated, {bytes >> 10} KiB of table");
        // 230 MB of table and 1.2 GB of memory where each path has a copy.
        Assert.True(bytes < 2_000_000, $"{bytes}");
        Assert.True(allocated < 60_000_000, $"{allocated}");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{watch.Elapsed}");
        var entry = compilation.Table.FindListener("http")!.Hosts.Find("team.com")!.FindPath("/p77/x")!;
        Assert.Equal("team/r77", entry.Routes.Under(entry.Path)[0].Rule);
        Assert.Equal(501, entry.Routes.All.Length);
        // The text form of the table, which people read, is bounded too.
        Assert.True(TableText.Write(compilation.Table).Length < 5_000_000);
    }

    /// <summary>A port is a list of its own, so ports times rules must be bounded by what the namespace may take.</summary>
    [Fact]
    public void ManyPortsTimesManyRules_StopAtTheTableBytes()
    {
        var ports = string.Join(", ", Enumerable.Range(1, 400).Select(i => $"{{name: http-{i}, port: {i}}}"));
        var paths = string.Join(", ", Enumerable.Range(1, 400).Select(i => $"{{path: /{i}, pathType: Exact, backend: {{service: {{name: web, port: {{number: {i}}}}}}}}}"));
        var store = Store(
        [
            Mesh("tableBytes: 1000000"),
            $"apiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: team}}\nspec: {{ports: [{ports}]}}",
            $"apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: many, namespace: team, annotations: {{kubernetes.io/ingress.class: istio}}}}\nspec: {{rules: [{{host: team.com, http: {{paths: [{paths}]}}}}]}}",
            .. Enumerable.Range(0, 300).Select(i => Rule($"r{i:000}", $"x: {{exact: \"{i}\"}}")),
        ]);
        var compilation = RouteCompiler.Compile(store.Snapshot().Snapshot);
        Assert.InRange(RouteTableJson.Serialize(compilation.Table).Length, 100_000, 2_000_000);
        Assert.Contains(compilation.Diagnostics, d => d.Reason == DiagnosticReasons.LimitExceeded && d.Message.Contains("namespaceLimits.tableBytes allows 1000000", StringComparison.Ordinal));
        AssertNeighbourIsWhole(compilation);
    }

    [Fact]
    public void ObjectsBeyondTheLimit_AreLeftOut_NewestFirst_AndHurtNobody()
    {
        var store = Store(
        [
            Mesh("rules: 3, regexes: 2, paths: 5"),
            Service,
            Ingress("old", 3, "2026-01-01"), Ingress("new", 3, "2026-01-03"), Ingress("small", 2, "2026-01-04", "small.com"),
            Rule("c-newest", "x: {exact: a}", "2026-01-09"), Rule("a-old", "x: {regex: a}", "2026-01-01"), Rule("b-old", "x: {regex: b}", "2026-01-02"),
            Rule("regex", "x: {regex: c}", "2026-01-03"), Rule("plain", "x: {exact: d}", "2026-01-04"),
        ]);
        var compilation = RouteCompiler.Compile(store.Snapshot().Snapshot);
        Assert.Equal(
            [
                "Ingress team/new: namespace team would have 6 paths in its Ingresses, and the mesh setting namespaceLimits.paths allows 5; the newest Ingresses are left out",
                "RouteRule team/c-newest: namespace team would have 4 RouteRules, and the mesh setting namespaceLimits.rules allows 3; the newest RouteRules are left out",
                "RouteRule team/regex: namespace team would have 3 regular expressions in its RouteRules, and the mesh setting namespaceLimits.regexes allows 2; the newest RouteRules are left out",
            ],
            compilation.Diagnostics.Where(d => d.Reason == DiagnosticReasons.LimitExceeded).Select(d => $"{d.Subject}: {d.Message}"));
        var entry = compilation.Table.FindListener("http")!.Hosts.Find("team.com")!.Paths[0];
        Assert.Equal(["team/a-old", "team/b-old", "team/plain", null], entry.Routes.All.Select(r => r.Rule));
        AssertNeighbourIsWhole(compilation);
    }

    [Fact]
    public void Admission_RefusesWhatGoesBeyond_AndNotWhatTakesLess()
    {
        var store = Store([Mesh("rules: 2, regexes: 1, regexSteps: 5, paths: 4"), Service, Ingress("old", 3), Rule("one", "x: {regex: abc}"), Rule("two", "x: {exact: a}")]);
        var snapshot = store.Snapshot().Snapshot;
        string? Refused(string yaml)
        {
            var other = new ObjectStore();
            other.Put(yaml);
            var candidate = other.Snapshot().Snapshot;
            return (candidate.RouteRules.Length > 0 ? NamespaceUsage.Refusal(snapshot, candidate.RouteRules[0]) : NamespaceUsage.Refusal(snapshot, candidate.Ingresses[0]))?.ToString();
        }
        Assert.Equal("spec: Forbidden: namespace team would have 3 RouteRules, and the mesh setting namespaceLimits.rules allows 2", Refused(Rule("three", "x: {exact: a}")));
        Assert.Contains("2 regular expressions in its RouteRules, and the mesh setting namespaceLimits.regexes allows 1", Refused(Rule("two", "x: {regex: a}")), StringComparison.Ordinal);
        Assert.Contains("6 steps in the regular expressions", Refused(Rule("one", "x: {regex: abcdef}")), StringComparison.Ordinal);
        Assert.Contains("6 paths in its Ingresses, and the mesh setting namespaceLimits.paths allows 4", Refused(Ingress("more", 3)), StringComparison.Ordinal);
        Assert.Null(Refused(Rule("one", "x: {regex: abcde}")));
        Assert.Null(Refused(Ingress("old", 4)));
        Assert.Null(Refused(Ingress("more", 1)));

        // After the limit has been lowered, an object beyond it may still be changed if it comes closer to the limit.
        snapshot = snapshot with { Mesh = snapshot.Mesh with { NamespaceLimits = new NamespaceLimits { Rules = 1, Paths = 1, Regexes = 1, RegexSteps = 1 } } };
        Assert.Null(Refused(Rule("one", "x: {regex: ab}")));
        Assert.Null(Refused(Ingress("old", 2)));
        Assert.NotNull(Refused(Ingress("old", 4)));
    }

    /// <summary>What as many regular expressions as are allowed cost a request that meets none of them, with patterns that neither a literal nor a table helps.</summary>
    [Fact]
    public void RegularExpressions_AtTheLimit_CostABoundedTime()
    {
        var rules = Enumerable.Range(0, 200).Select(i => Rule($"r{i}", $"x: {{regex: \".*[a-m].{{18}}[!{(char)('0' + (i % 10))}]\"}}"));
        var store = Store([Service, Ingress("web", 1), .. rules]);
        var table = RouteCompiler.Compile(store.Snapshot().Snapshot).Table;
        var entry = table.FindListener("http")!.Hosts.Find("team.com")!.Paths[0];
        Assert.Equal(201, entry.Routes.All.Length);
        var random = new Random(1);
        var value = string.Create(1024, random, static (text, r) =>
        {
            for (var i = 0; i < text.Length; i++)
                text[i] = (char)('a' + r.Next(26));
        });
        var request = new TextRequest("GET", "team.com", "/p0/", ("x", value));
        Assert.Null(entry.Routes.Find(entry.Path, request.Key, request)?.Rule);
        var watch = Stopwatch.StartNew();
        entry.Routes.Find(entry.Path, request.Key, request);
        TestContext.Current.SendDiagnosticMessage($"200 regular expressions, a value of 1 KiB: {watch.Elapsed.TotalMilliseconds:0.000} ms for a request");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{watch.Elapsed}");
    }

    private static void AssertNeighbourIsWhole(Compilation compilation)
    {
        Assert.DoesNotContain(compilation.Diagnostics, d => d.Subject.Namespace == "neighbour");
        Assert.Equal(["neighbour/web", null], compilation.Table.FindListener("http")!.Hosts.Find("neighbour.com")!.Paths[0].Routes.All.Select(r => r.Rule));
    }

    private static ObjectStore Store(params IEnumerable<string> documents)
    {
        var store = new ObjectStore();
        var text = new StringBuilder(Neighbour).Append("\n---\n").Append(Service);
        foreach (var document in documents)
            text.Append("\n---\n").Append(document);
        store.Put(text.ToString());
        return store;
    }

    private static string Mesh(string limits) => $$"""
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: istio, namespace: istio-system}
        data: {mesh: "namespaceLimits: { {{limits}} }"}
        """;

    private static string Ingress(string name, int paths, string created = "2026-01-01", string host = "team.com")
    {
        var all = string.Join(", ", Enumerable.Range(0, paths).Select(i => string.Create(CultureInfo.InvariantCulture, $"{{path: '/p{i}/.*', pathType: ImplementationSpecific, backend: {{service: {{name: web, port: {{number: 80}}}}}}}}")));
        return $$"""
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {name: {{name}}, namespace: team, creationTimestamp: "{{created}}T00:00:00Z", annotations: {kubernetes.io/ingress.class: istio} }
            spec:
              rules:
              - host: {{host}}
                http: {paths: [{{all}}]}
            """;
    }

    private static string Rule(string name, string headers, string created = "2026-01-01") => $$"""
        apiVersion: config.istio.io/v1alpha2
        kind: RouteRule
        metadata: {name: {{name}}, namespace: team, creationTimestamp: "{{created}}T00:00:00Z"}
        spec:
          destination: {name: web}
          match: {request: {headers: { {{headers}} } } }
        """;
}
