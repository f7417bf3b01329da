using System.Globalization;
using System.Text;
using Turnpike.Compiler;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Compiler;

namespace Turnpike.Tests.Compiler;

/// <summary>Diagnostics without a table are the same as those with one.</summary>
public sealed class DiagnoseTests
{
    public static TheoryData<string> Cases => [.. GoldenFiles.Cases("compile", ".yaml")];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Diagnose_GivesTheDiagnosticsAndTheHostsOfCompile(string name)
    {
        var snapshot = SnapshotOf(GoldenFiles.Read(name));

        var compilation = RouteCompiler.Compile(snapshot);
        var diagnosis = RouteCompiler.Diagnose(snapshot);

        Assert.Equal(compilation.Diagnostics, diagnosis.Diagnostics);
        var (expected, hosts) = (compilation.Hosts.Claims.Records(), diagnosis.Hosts.Claims.Records());
        Assert.Equal(expected.Length, hosts.Length);
        Assert.All(expected.Zip(hosts), pair => Assert.True(pair.First.Says(pair.Second)));
    }

    /// <summary>Admission asks for each applied object: what a table costs beyond its diagnostics must not be paid there.</summary>
    [Fact]
    public void Diagnose_DoesNotPayForATable()
    {
        var yaml = new StringBuilder("apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: default}\nspec: {ports: [{port: 80}]}\n");
        for (var i = 0; i < 400; i++)
        {
            yaml.Append(CultureInfo.InvariantCulture, $$$"""
                ---
                apiVersion: networking.k8s.io/v1
                kind: Ingress
                metadata: {name: web-{{{i}}}, namespace: default, annotations: {kubernetes.io/ingress.class: istio}}
                spec:
                  rules:
                  - host: h{{{i}}}.example.com
                    http:
                      paths:
                      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80} } } }

                """);
        }
        var snapshot = SnapshotOf(yaml.ToString());
        Assert.Equal(400, RouteCompiler.Compile(snapshot).Table.FindListener("http")!.Hosts.All.Length);

        var compiled = Allocated(() => RouteCompiler.Compile(snapshot));
        var diagnosed = Allocated(() => RouteCompiler.Diagnose(snapshot));

        Assert.True(diagnosed < compiled * 3 / 4, $"Diagnose allocates {diagnosed} bytes, Compile {compiled}");
    }

    private static ClusterSnapshot SnapshotOf(string yaml)
    {
        var store = new ObjectStore();
        store.Put(yaml);
        return store.Snapshot().Snapshot;
    }

    private static long Allocated(Func<object> work)
    {
        work();
        var before = GC.GetAllocatedBytesForCurrentThread();
        work();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
