using System.Net;
using Microsoft.Extensions.Logging;
using Turnpike.IngressProxy;
using Turnpike.IngressProxy.TableSources;
using Turnpike.Protocol;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.Support.ControlPlane;

/// <summary>A proxy that gets its table from a replica.</summary>
internal sealed class FollowingProxy : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _client = new() { Timeout = Wait.Limit };
    private readonly Task _following;

    private FollowingProxy(ProxyServer server, RecordingLogger logs, DiscoveryClient client)
    {
        (Server, Logs) = (server, logs);
        _following = client.RunAsync(_stop.Token);
    }

    public ProxyServer Server { get; }

    public RecordingLogger Logs { get; }

    public static async Task<FollowingProxy> StartAsync(Cluster cluster, int port, string pod = "ingress-1")
    {
        var logs = new RecordingLogger();
        var factory = LoggerFactory.Create(l => l.SetMinimumLevel(LogLevel.Information).AddProvider(logs));
        var options = new ProxyOptions { Address = IPAddress.Loopback, Listeners = ListenerOptions.OfIngress(0, 0), AdminPort = 0 };
        var server = await ProxyServer.StartAsync(options, factory, cancellationToken: TestContext.Current.CancellationToken);
        var address = $"localhost:{port}";
        var discovery = new DiscoveryOptions(address, cluster.CaFile, cluster.TokenFile, Role.Ingress, pod, "istio-system", "0.1.0");
        return new FollowingProxy(server, logs, new DiscoveryClient(discovery, new TableApplier(server, logs), logs, TimeProvider.System));
    }

    public bool Logged(string part) => Logs.Lines.Any(l => l.Contains(part, StringComparison.Ordinal));

    /// <summary>What a client gets.</summary>
    public async Task<string> GetAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{Server.EndPointOf("http")}/");
        request.Headers.Host = "web.example.com";
        using var response = await _client.SendAsync(request, TestContext.Current.CancellationToken);
        return $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}";
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _following;
        _stop.Dispose();
        _client.Dispose();
        await Server.DisposeAsync();
    }
}
