using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Turnpike.Tests.EndToEnd;

/// <summary>The cluster of <c>KUBECONFIG</c>, with Turnpike installed as soon as a story asks for it.</summary>
public sealed partial class Cluster : IAsyncLifetime
{
    /// <summary>On every namespace of a story.</summary>
    internal const string OurLabel = "turnpike.io/e2e=true";

    private static readonly string Root = FindRoot();

    private Task? _installed;
    private Edge? _edge;
    private ApiServer? _api;

    /// <summary>True under <c>make e2e</c>; otherwise the tests skip themselves.</summary>
    internal static bool Wanted => Environment.GetEnvironmentVariable("TURNPIKE_E2E") == "1";

    internal static bool Keep => Environment.GetEnvironmentVariable("TURNPIKE_E2E_KEEP") is { Length: > 0 };

    /// <summary>The path to which results are written.</summary>
    internal static string Output => Path.Combine(Root, "out", "e2e");

    /// <summary>A shell in "the istio directory" of the walkthrough, which holds its samples.</summary>
    internal Shell Shell { get; } = new(Path.Combine(Output, "istio"));

    internal Edge Edge => _edge ?? throw new InvalidOperationException("Turnpike is not installed yet");

    internal ApiServer Api => _api ?? throw new InvalidOperationException("Turnpike is not installed yet");

    internal Measurements Measurements { get; } = new();

    /// <summary>The names of the examples in the reference of RouteRule.</summary>
    internal static IEnumerable<string> Samples => Directory.EnumerateFiles(SampleFolder, "*.yaml").Select(f => Path.GetFileNameWithoutExtension(f));

    /// <summary>Our small httpbin, of the same version as the operator that is installed.</summary>
    internal static string SampleImage { get; } = Environment.GetEnvironmentVariable("TURNPIKE_SAMPLE_IMAGE")
        ?? OperatorImage().Match(File.ReadAllText(Manifest)).Value.Replace("/operator:", "/sample-httpbin:", StringComparison.Ordinal);

    /// <summary>The httpbin of the walkthrough, which is written in Python.</summary>
    internal static string HttpbinImage { get; } = Environment.GetEnvironmentVariable("TURNPIKE_HTTPBIN_IMAGE") ?? "docker.io/local/httpbin:1";

    private static string SampleFolder => Path.Combine(Root, "config", "samples", "routerules");

    private static string Manifest => Path.Combine(Root, "config", "install.yaml");

    public async ValueTask InitializeAsync()
    {
        if (!Wanted)
            return;
        // The sample as it is but for the image: the nodes of a test cluster may have no way to a registry.
        var sample = await File.ReadAllLinesAsync(Path.Combine(Root, "samples", "httpbin", "httpbin.yaml"));
        var file = Path.Combine(Output, "istio", "samples", "httpbin", "httpbin.yaml");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllLinesAsync(file, sample.Select(line =>
            line.Contains(" image: ", StringComparison.Ordinal) ? line[..line.IndexOf("image:", StringComparison.Ordinal)] + "image: " + HttpbinImage : line));
    }

    /// <summary>Completes when Turnpike is installed and its ingress is there; the first caller installs it.</summary>
    internal Task InstalledAsync() => _installed ??= InstallAsync();

    /// <summary>Runs an action while an example is applied in a namespace.</summary>
    internal async Task WithSampleAsync(string sample, string ns, Func<Task> action)
    {
        var yaml = (await File.ReadAllTextAsync(Path.Combine(SampleFolder, sample + ".yaml")))
            .Replace("namespace: default", $"namespace: {ns}", StringComparison.Ordinal)
            .Replace(".default.svc", $".{ns}.svc", StringComparison.Ordinal);
        var file = Path.Combine(Output, sample + ".yaml");
        await File.WriteAllTextAsync(file, yaml);
        await Shell.RunAsync($"kubectl apply -n {ns} -f {file} && kubectl wait -n {ns} --for=condition=Programmed --timeout=20s -f {file}");
        try
        {
            await action();
        }
        finally
        {
            await Shell.RunAsync($"kubectl delete -n {ns} -f {file}");
        }
    }

    /// <summary>The state of things, for a failure's message.</summary>
    internal async Task<string> DescribeAsync() => (await Shell.TryAsync("""
        kubectl get pods,deployments,services,ingresses,routerules,endpoints -A -o wide
        for pod in $(kubectl get pods -n istio-system -o name); do
          echo "--- describe $pod"; kubectl describe -n istio-system "$pod" | sed -n '/^Conditions:/,/^Volumes:/p; /^Events:/,$p' | grep -v '^Volumes:'
          echo "--- logs $pod"; kubectl logs -n istio-system "$pod" --tail=40
        done
        echo '--- events'; kubectl get events -A --sort-by=.metadata.creationTimestamp | tail -n 25
        """)).ToString();

    /// <summary>Lists the cluster-scoped objects and the ConfigMaps that remain of Turnpike.</summary>
    internal Task<string> RemainsAsync() => Shell.RunAsync("""
        { kubectl get namespaces,customresourcedefinitions,clusterroles,clusterrolebindings,ingressclasses -o name
          kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations -o name
          kubectl get configmaps -A -o name; } | grep -E 'turnpike|istio' || true
        """);

    public async ValueTask DisposeAsync()
    {
        if (!Wanted)
            return;
        _edge?.Dispose();
        _api?.Dispose();
        await Measurements.WriteAsync(Path.Combine(Output, "measurements.md"));
        if (Keep || _installed is null)
            return;
        await UninstallAsync();
        Assert.Equal("", await RemainsAsync());
    }

    /// <summary>Returns the option that kubectl needs up to Kubernetes 1.22, as the README says; otherwise the empty string.</summary>
    private async Task<string> OldKubectlAsync()
    {
        using var version = JsonDocument.Parse(await Shell.RunAsync("kubectl get --raw /version"));
        var minor = version.RootElement.GetProperty("minor").GetString()!.TrimEnd('+');
        return int.Parse(minor, CultureInfo.InvariantCulture) < 23 ? " --validate=false" : "";
    }

    private async Task InstallAsync()
    {
        if ((await Shell.TryAsync("kubectl get namespace istio-system")).ExitCode == 0)
        {
            if (Environment.GetEnvironmentVariable("TURNPIKE_E2E_REPLACE") != "1")
                Assert.Fail("the cluster has a namespace istio-system already; the tests install Turnpike themselves, and remove it in the end");
            await UninstallAsync();
            await Shell.RunAsync($"kubectl delete namespaces -l {OurLabel} --timeout=80s");
        }
        var started = Stopwatch.GetTimestamp();
        await Shell.RunAsync($"kubectl apply{await OldKubectlAsync()} -f {Manifest}");
        await Shell.RunAsync("kubectl wait -n istio-system --for=condition=Available deployment/turnpike-operator --timeout=80s");
        Measurements.Add("`kubectl apply -f config/install.yaml` until the operator is Available", Stopwatch.GetElapsedTime(started));
        await Wait.UntilSeen(
            "Deployment istio-ingress made by the operator",
            TimeSpan.FromSeconds(20),
            () => Shell.TryAsync("kubectl get deployment -n istio-system istio-ingress -o name"),
            result => result.ExitCode == 0);
        await Shell.RunAsync("kubectl wait -n istio-system --for=condition=Available deployment/istio-ingress --timeout=60s");
        Measurements.Add("… until the ingress is Available", Stopwatch.GetElapsedTime(started));
        _edge = await FindEdgeAsync();
        _api = await ApiServer.ConnectAsync(Shell);
    }

    /// <summary>Finds the ingress by its load balancer if there is one, otherwise by the node's address and nodePorts.</summary>
    private async Task<Edge> FindEdgeAsync()
    {
        using var service = JsonDocument.Parse(await Shell.RunAsync("kubectl get service -n istio-system istio-ingress -o json"));
        if (service.RootElement.GetProperty("status").GetProperty("loadBalancer").TryGetProperty("ingress", out var balancers))
        {
            var balancer = balancers[0];
            var address = (balancer.TryGetProperty("ip", out var ip) ? ip : balancer.GetProperty("hostname")).GetString();
            return new Edge($"{address}:80", $"{address}:443");
        }
        var ports = service.RootElement.GetProperty("spec").GetProperty("ports").EnumerateArray()
            .ToDictionary(port => port.GetProperty("port").GetInt32(), port => port.GetProperty("nodePort").GetInt32());
        var node = await Shell.RunAsync("kubectl get pods -n istio-system -l istio=ingress -o jsonpath='{.items[0].status.hostIP}'");
        return new Edge($"{node}:{ports[80]}", $"{node}:{ports[443]}");
    }

    /// <summary>The IngressClass is not in the file: the operator made it.</summary>
    private async Task UninstallAsync()
    {
        await Shell.RunAsync($"kubectl delete -f {Manifest} --ignore-not-found --timeout=80s");
        await Shell.RunAsync("kubectl delete ingressclass istio --ignore-not-found --timeout=80s");
    }

    [GeneratedRegex(@"\S+/operator:\S+")]
    private static partial Regex OperatorImage();

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Operator.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException($"{AppContext.BaseDirectory} is not below the repository");
    }
}
