using System.Diagnostics;
using System.Globalization;
using System.Net;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Attacks.Harness;

/// <summary>
/// The data plane with a table made of objects as users write them: services of a tenant that is attacked, and one of somebody else
/// that is probed all the while. The proxy runs with the limit of its pod.
/// </summary>
internal sealed class ProxyUnderAttack : IAsyncDisposable
{
    public const string Neighbour = "neighbour.test";

    private static readonly TimeSpan Before = TimeSpan.FromSeconds(2);

    private readonly List<IAsyncDisposable> _owned;
    private readonly HttpClient _client;

    private ProxyUnderAttack(Pod pod, IPEndPoint http, SteadyProbe probe, HttpClient client, List<IAsyncDisposable> owned)
    {
        Pod = pod;
        Http = http;
        Probe = probe;
        _client = client;
        _owned = owned;
    }

    public Pod Pod { get; }

    /// <summary>Its listener in clear.</summary>
    public IPEndPoint Http { get; }

    /// <summary>The client of the other service.</summary>
    public SteadyProbe Probe { get; }

    /// <summary>The results of that client before the attack.</summary>
    public ProbeFigures Calm { get; private set; } = null!;

    /// <param name="manifests">Ingresses and rules beside those of the neighbour; see <see cref="Service"/> and
    /// <see cref="Ingress"/>.</param>
    public static async Task<ProxyUnderAttack> StartAsync(params string[] manifests)
    {
        var directory = Directory.CreateTempSubdirectory("turnpike-attacks-").FullName;
        var neighbour = await PlainEndpoint.StartAsync();
        try
        {
            await File.WriteAllTextAsync(
                Path.Combine(directory, "all.yaml"),
                string.Join("---\n", [Service("neighbour", neighbour.Port), Ingress(Neighbour, "neighbour"), .. manifests]));
            var table = Path.Combine(directory, "table");
            await CompileAsync(directory, table);
            var pod = Pod.Start(
                "turnpike-proxy",
                PodSpec.Proxy,
                new Dictionary<string, string> { ["POD_NAME"] = "attacked", ["POD_NAMESPACE"] = "istio-system" },
                "ingress",
                "--table",
                table,
                "--http-port=0",
                "--https-port=0",
                "--status-port=0",
                "--admin-port=0",
                "--address=127.0.0.1",
                "--drain-delay=0");
            var http = IPEndPoint.Parse(await pod.LineAsync("listening http "));
            var client = NewClient(http);
            var probe = SteadyProbe.Get(client, Neighbour);
            var attacked = new ProxyUnderAttack(pod, http, probe, client, [probe, neighbour]);
            await attacked.CalmAsync();
            return attacked;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>A client whose requests go to the proxy whatever their host is.</summary>
    public static HttpClient NewClient(IPEndPoint proxy) =>
        new(new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = TimeSpan.FromSeconds(1) })
        {
            BaseAddress = new Uri($"http://{proxy}"),
            Timeout = Timeout.InfiniteTimeSpan,
        };

    public static string Service(string name, int port) => string.Create(CultureInfo.InvariantCulture, $$"""
        apiVersion: v1
        kind: Service
        metadata: {name: {{name}}}
        spec:
          ports: [{name: http, port: 80}]
        ---
        apiVersion: v1
        kind: Endpoints
        metadata: {name: {{name}}}
        subsets:
        - addresses: [{ip: 127.0.0.1}]
          ports: [{name: http, port: {{port}} }]

        """);

    public static string Ingress(string host, string service) => $$"""
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: {{service}}
          annotations: {kubernetes.io/ingress.class: istio}
        spec:
          rules:
          - host: {{host}}
            http:
              paths:
              - path: /
                pathType: Prefix
                backend: {service: {name: {{service}}, port: {number: 80} } }

        """;

    /// <param name="fields">Fields of its spec, in lines that begin with at least two blanks.</param>
    public static string Rule(string name, string service, string fields) => $$"""
        apiVersion: config.istio.io/v1alpha2
        kind: RouteRule
        metadata: {name: {{name}}}
        spec:
          destination: {name: {{service}}}
        {{fields}}

        """;

    /// <summary>Prints what the attack did, and judges it.</summary>
    public void Judge(string attack)
    {
        var during = Probe.Take();
        Figures.Report(attack, Pod, PodSpec.Proxy, Calm, during);
        Figures.Judge(Pod, during);
    }

    public async ValueTask DisposeAsync()
    {
        // The probe first: what ends now is no failure.
        foreach (var owned in _owned)
            await owned.DisposeAsync();
        _client.Dispose();
        await Pod.DisposeAsync();
    }

    private async Task CalmAsync()
    {
        // The first requests compile what they run through.
        await Wait.For(_ => Task.FromResult(Probe.Take()), figures => figures is { Sent: > 0, Failed: 0 }, "the neighbour to be served");
        await Wait.Lasting(Before, TestContext.Current.CancellationToken);
        Calm = Probe.Take();
        Assert.True(Calm.Failed == 0, $"before the attack: {Calm}: {string.Join("; ", Calm.Failures)}");
    }

    private static async Task CompileAsync(string directory, string table)
    {
        using var process = Process.Start(
            new ProcessStartInfo(Path.Combine(Paths.Programs, "turnpike"), ["compile", "--config-dir", directory, "-o", table])
            {
                RedirectStandardError = true,
            })!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, error);
    }
}
