using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Turnpike.Hosting.Certificates;
using Turnpike.Operator;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.ControlPlane;

namespace Turnpike.Tests.Operator;

/// <summary>The whole operator before a fake API server: what its ports let in.</summary>
[Collection(nameof(MetricsTests))]
public sealed class PortTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();
    private Cluster _cluster = null!;
    private OperatorOptions _options = null!;
    private WebApplication _operator = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private string ClientCa => Path.Combine(_folder.FullName, "clients.crt");

    public async ValueTask InitializeAsync()
    {
        _cluster = await Cluster.StartAsync();
        var ports = FreePorts.Take(3);
        _options = new OperatorOptions(_cluster.WriteKubeconfig(), "operator-1", "127.0.0.1", "image", _cluster.TokenFile)
        {
            WebhookPort = ports[0],
            DiscoveryPort = ports[1],
            HealthPort = ports[2],
            WebhookClientCa = ClientCa,
        };
        _operator = OperatorHost.Build(_options);
        await _operator.StartAsync(Cancelled);
    }

    public async ValueTask DisposeAsync()
    {
        await _operator.StopAsync(new CancellationToken(canceled: true));
        await _operator.DisposeAsync();
        await _cluster.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task HealthPort_TakesQuestionsOnly_AndFewConnectionsOfAPeer()
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_options.HealthPort}") };
        foreach (var path in new[] { "/live", "/metrics" })
        {
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(HttpMethod.Get, path));
            Assert.Equal(HttpStatusCode.MethodNotAllowed, await StatusAsync(HttpMethod.Post, path));
            Assert.Equal(HttpStatusCode.MethodNotAllowed, await StatusAsync(HttpMethod.Delete, path));
        }
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(HttpMethod.Head, "/live"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(HttpMethod.Post, Deployed.IngressPath));

        // One peer fills its places; another one, as the kubelet is, still gets its response.
        var flood = new List<Socket>();
        for (var i = 0; i < 40; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.3"), 0));
            await socket.ConnectAsync(IPAddress.Loopback, _options.HealthPort, Cancelled);
            flood.Add(socket);
        }
        await Wait.Until(
            () => flood.Count(s => s.Poll(0, SelectMode.SelectRead)) == 40 - PortLimits.Health.ConnectionsPerPeer, "the refusals");
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(HttpMethod.Get, "/live"));
        flood.ForEach(s => s.Dispose());

        async Task<HttpStatusCode> StatusAsync(HttpMethod method, string path)
        {
            using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
            using var response = await client.SendAsync(request, Cancelled);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task WebhookPort_LetsInOnlyTheClientsOfTheAuthority_WhereOneIsRequired()
    {
        using var key = ECDsa.Create();
        var request = new CertificateRequest("CN=kube-apiserver", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        using var made = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        using var apiServer = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
        await File.WriteAllTextAsync(ClientCa, apiServer.ExportCertificatePem(), Cancelled);
        await WaitUntilServedAsync(apiServer);
        await Assert.ThrowsAsync<HttpRequestException>(() => ReviewAsync(null));
        Assert.Equal(HttpStatusCode.BadRequest, await ReviewAsync(apiServer));
    }

    private async Task WaitUntilServedAsync(X509Certificate2 certificate)
    {
        await Wait.UntilSeen("the port to serve", Wait.Limit, () => ReviewAsync(certificate), _ => true, Wait.Limit);
    }

    private async Task<HttpStatusCode> ReviewAsync(X509Certificate2? certificate)
    {
        using var handler = new SocketsHttpHandler();
        handler.ConnectCallback = async (_, ct) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, _options.WebhookPort, ct);
            return new NetworkStream(socket, ownsSocket: true);
        };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        if (_operator.Services.GetRequiredService<RotatingCertificates>().Bundle is { } bundle)
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.ImportFromPem(bundle);
        if (certificate is not null)
            handler.SslOptions.ClientCertificates = [certificate];
        using var client = new HttpClient(handler);
        using var body = new StringContent("{}", new MediaTypeHeaderValue("application/json"));
        using var response = await client.PostAsync(
            new Uri($"https://turnpike-operator.istio-system.svc{Deployed.IngressPath}"),
            body,
            Cancelled);
        return response.StatusCode;
    }
}
