using System.Net;
using System.Net.Security;
using Microsoft.Extensions.Logging;
using Turnpike.IngressProxy;
using Turnpike.Routing;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy.Harness;

/// <summary>A proxy on free ports of the loopback address, with clients.</summary>
internal sealed class TestProxy : IAsyncDisposable
{
    private readonly SocketsHttpHandler _handler = new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        EnableMultipleHttp2Connections = true,
        ActivityHeadersPropagator = System.Diagnostics.DistributedContextPropagator.CreateNoOutputPropagator(),
        SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true },
    };

    private readonly HttpMessageInvoker _client;

    private TestProxy(ProxyServer server, RecordingLogger logs)
    {
        Server = server;
        Logs = logs;
        _client = new HttpMessageInvoker(_handler);
    }

    public ProxyServer Server { get; }

    public RecordingLogger Logs { get; }

    public static ProxyOptions Options { get; } = new()
    {
        Address = IPAddress.Loopback,
        Listeners = ListenerOptions.OfIngress(0, 0),
        AdminPort = 0,
    };

    public static async Task<TestProxy> StartAsync(RouteTable? table = null, ProxyOptions? options = null, TimeProvider? time = null)
    {
        var logs = new RecordingLogger();
        var factory = LoggerFactory.Create(l => l.SetMinimumLevel(LogLevel.Information).AddProvider(logs));
        var server = await ProxyServer.StartAsync(options ?? Options, factory, time, cancellationToken: TestContext.Current.CancellationToken);
        if (table is not null)
            server.Swap(table);
        return new TestProxy(server, logs);
    }

    /// <summary>Sends with this very version; completes with the head of the response.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, Version version, CancellationToken cancellationToken)
    {
        request.Version = version;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        return _client.SendAsync(request, cancellationToken);
    }

    public Task<HttpResponseMessage> GetAsync(string target = "/", Version? version = null, params (string Name, string Value)[] headers) =>
        SendAsync(Request(HttpMethod.Get, target, headers), version ?? HttpVersion.Version11, TestContext.Current.CancellationToken);

    public Task<(HttpStatusCode Status, string Text)> AdminAsync(string path) => FetchAsync($"http://{Server.Admin}{path}");

    /// <summary>Gets a page from whichever server, the path as it is written.</summary>
    public async Task<(HttpStatusCode Status, string Text)> FetchAsync(string url)
    {
        var uri = new Uri(url, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var response = await _client.SendAsync(new HttpRequestMessage(HttpMethod.Get, uri), TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public HttpRequestMessage Request(HttpMethod method, string target, params (string Name, string Value)[] headers)
    {
        var uri = new Uri($"http://{Server.Http}{target}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var request = new HttpRequestMessage(method, uri);
        foreach (var (name, value) in headers)
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        return request;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await Server.DisposeAsync();
        // Whatever a test does, the proxy itself must never be at fault.
        Assert.DoesNotContain(Logs.Lines, l => l.Contains("failed in the proxy itself", StringComparison.Ordinal));
    }
}
