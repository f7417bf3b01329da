using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Bench.ControlPlane;

// usage: Turnpike.Bench.ControlPlane [REPORT [NAMESPACES [CHANGES]]]
var report = args.Length > 0 ? args[0] : null;
var cluster = new LargeCluster(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 100);
var changes = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 200;

var plane = new ControlPlaneUnderTest();
foreach (var item in cluster.Objects())
    plane.Take(Json(item));
var started = Stopwatch.GetTimestamp();
var (update, changed, diagnostics) = plane.Publish();
var lines = new List<string>();
Say(string.Create(
    CultureInfo.InvariantCulture,
    $"{cluster.Services * LargeCluster.IngressesPerService} Ingresses, {cluster.Services} Services, "
    + $"{cluster.Services * LargeCluster.EndpointsPerService} endpoints, {cluster.Services * LargeCluster.RulesPerService} RouteRules; "
    + $"{changed} resources of {update.Length / 1024} KiB; {diagnostics} diagnostics; "
    + $"first compilation {Stopwatch.GetElapsedTime(started).TotalMilliseconds:f0} ms"));
Say(string.Create(CultureInfo.InvariantCulture, $"live heap {GC.GetTotalMemory(forceFullCollection: true) / 1048576} MiB"));
Say("");
Say("| One change of | Resources in the update | Time p50 | p99 | CPU | Allocated |");
Say("|---|---|---|---|---|---|");

Measure("an endpoint (one pod is replaced by another)", ReplaceEndpoint);
Measure("a RouteRule (another timeout)", i =>
{
    var (service, number) = (i % LargeCluster.ServicesPerNamespace, i % LargeCluster.RulesPerService);
    var rule = Json(LargeCluster.Rule(LargeCluster.NamespaceOf(i % cluster.Namespaces), service, number, 16 + i, "2"));
    return () => plane.Take(rule);
});
Measure("an Ingress (a path leads to another Service)", i =>
{
    var service = i % LargeCluster.ServicesPerNamespace;
    var target = (service + 1 + (i / cluster.Namespaces)) % LargeCluster.ServicesPerNamespace;
    var ns = LargeCluster.NamespaceOf(i % cluster.Namespaces);
    var ingress = Json(LargeCluster.Ingress(ns, service, i % LargeCluster.IngressesPerService, target, "2"));
    return () => plane.Take(ingress);
});

Say("");
Say(string.Create(
    CultureInfo.InvariantCulture,
    $"live heap afterwards {GC.GetTotalMemory(forceFullCollection: true) / 1048576} MiB, resident {Environment.WorkingSet / 1048576} MiB"));
if (report is not null)
{
    Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(report))!);
    File.WriteAllLines(report, lines);
}
return 0;

// One pod goes and another one comes: what the informers of pods and of slices tell, and what lies between the two is one compilation.
Action ReplaceEndpoint(int i)
{
    var (n, service) = (i % cluster.Namespaces, i / cluster.Namespaces % LargeCluster.ServicesPerNamespace);
    var (ns, endpoint) = (LargeCluster.NamespaceOf(n), i % LargeCluster.EndpointsPerService);
    var (name, address) = (LargeCluster.ReplacementName(service), LargeCluster.ReplacementAddress(n, service));
    var pod = Json(LargeCluster.Pod(ns, service, name, address, endpoint % 2 == 0 ? "v1" : "v2"));
    var slice = Json(LargeCluster.Slice(ns, service, endpoint, "2"));
    return () =>
    {
        plane.Remove(Kinds.Pod, ns, LargeCluster.PodName(service, endpoint));
        plane.Take(pod);
        plane.Take(slice);
    };
}

void Say(string line)
{
    Console.WriteLine(line);
    lines.Add(line);
}

static byte[] Json(JsonObject item) => JsonSerializer.SerializeToUtf8Bytes(item);

void Measure(string what, Func<int, Action> prepare)
{
    var warmUp = Math.Min(100, changes);
    var times = new List<double>(changes);
    var resources = new List<int>(changes);
    var (allocated, cpu) = (0L, TimeSpan.Zero);
    for (var i = 0; i < warmUp + changes; i++)
    {
        if (i == warmUp)
        {
            GC.Collect();
            (allocated, cpu) = (0, TimeSpan.Zero);
        }
        var change = prepare(i);
        var (bytes, used, start) = (GC.GetTotalAllocatedBytes(precise: true), Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
        change();
        var (_, sent, _) = plane.Publish();
        times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        cpu += Environment.CpuUsage.TotalTime - used;
        allocated += GC.GetTotalAllocatedBytes(precise: true) - bytes;
        if (i < warmUp)
            times.Clear();
        if (i >= warmUp)
            resources.Add(sent);
    }
    times.Sort();
    resources.Sort();
    Say(string.Create(
        CultureInfo.InvariantCulture,
        $"| {what} | {resources[changes / 2]} | {times[changes / 2]:f1} ms | {times[Math.Min(changes - 1, changes * 99 / 100)]:f1} ms "
        + $"| {cpu.TotalMilliseconds / changes:f1} ms | {allocated / 1024.0 / changes:f0} KiB |"));
}
