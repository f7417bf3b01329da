using System.Globalization;

namespace Turnpike.Tests.EndToEnd.Support;

/// <summary>A namespace of a story's own with httpbin in it, exposed under a host name of its own.</summary>
internal sealed class Workplace : IAsyncDisposable
{
    private readonly Cluster _cluster;

    private Workplace(Cluster cluster, string name)
    {
        _cluster = cluster;
        Namespace = string.Create(CultureInfo.InvariantCulture, $"{name}-{Random.Shared.Next(0x1000, 0xffff):x}");
    }

    public string Namespace { get; }

    public string Host => $"{Namespace}.example";

    public static async Task<Workplace> CreateAsync(Cluster cluster, string name)
    {
        var place = new Workplace(cluster, name);
        await cluster.Shell.RunAsync($"kubectl create namespace {place.Namespace} && kubectl label namespace {place.Namespace} {Cluster.OurLabel}");
        return place;
    }

    /// <summary>Starts httpbin and waits until the ingress serves it.</summary>
    public async Task ServeHttpbinAsync()
    {
        await _cluster.Shell.RunAsync($"""
            kubectl apply -n {Namespace} -f samples/httpbin/httpbin.yaml &&
            kubectl wait -n {Namespace} --for=condition=Available deployment/httpbin --timeout=60s
            """);
        await ApplyAsync(Manifests.Ingress("httpbin", host: Host));
        await Wait.UntilSeen($"httpbin of {Namespace} behind the ingress", TimeSpan.FromSeconds(20), () => GetAsync("/headers"), answer => answer.Status == 200);
    }

    public Task<EdgeAnswer> GetAsync(string path) => _cluster.Edge.GetAsync(path, Host);

    public Task<string> ApplyAsync(string yaml) => _cluster.Shell.RunAsync(ApplyScript(yaml));

    /// <summary>Returns the result of <c>kubectl apply</c>, which may be a refusal.</summary>
    public Task<ShellResult> TryApplyAsync(string yaml) => _cluster.Shell.TryAsync(ApplyScript(yaml));

    public async ValueTask DisposeAsync()
    {
        if (!Cluster.Keep)
            await _cluster.Shell.TryAsync($"kubectl delete namespace {Namespace} --wait=false");
    }

    private string ApplyScript(string yaml) => $"kubectl apply -n {Namespace} -f - <<'EOF'\n{yaml}\nEOF";
}
