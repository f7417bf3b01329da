using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Turnpike.Compiler;
using Turnpike.Discovery;
using Turnpike.Hosting;
using Turnpike.Hosting.Certificates;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Serving;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.Support.ControlPlane;

/// <summary>A replica of the control plane as far as discovery goes, with certificates of its own making.</summary>
internal sealed class Replica : IAsyncDisposable
{
    private readonly WebApplication _app;

    private Replica(WebApplication app, Tap tap, RecordingLogger logs) => (_app, Tap, Logs) = (app, tap, logs);

    public Tap Tap { get; }

    public RecordingLogger Logs { get; }

    public int Port => new Uri(_app.Urls.First()).Port;

    public ProxyRegistry Registry => _app.Services.GetRequiredService<ProxyRegistry>();

    public DiscoveryStates States => _app.Services.GetRequiredService<DiscoveryStates>();

    public RotatingCertificates Certificates => _app.Services.GetRequiredService<RotatingCertificates>();

    public string TableVersion => States.Current!.Table.Version;

    /// <summary>Starts a replica, and waits until it could be called ready.</summary>
    public static async Task<Replica> StartAsync(
        Cluster cluster,
        int port = 0,
        string address = "127.0.0.1",
        FakeTimeProvider? clock = null,
        DiscoveryLimits? limits = null,
        TableCompiler? compiler = null)
    {
        var (tap, logs, certificate) = (new Tap(), new RecordingLogger(), new ServerCertificate());
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(logs);
        builder
            .Services.AddSingleton<TimeProvider>(clock ?? TimeProvider.System)
            .AddSingleton(limits ?? new DiscoveryLimits())
            .AddSingleton(certificate)
            .AddSingleton(tap);
        builder.Services.AddSingleton(compiler ?? RouteCompiler.Compile);
        builder.Services.AddKubeApi(() => KubeEndpoint.At(cluster.Api.Url));
        builder.Services.AddDiscovery(Turnpike.Api.Profile.Istio2017);
        builder.Services.AddGrpc(grpc => grpc.Interceptors.Add<Tap>());
        builder.Services.AddRotatingCertificates(
            _ => new CertificateOptions
            {
                Secret = new NamespacedName("istio-system", "turnpike-ca"),
                DnsNames = ["turnpike-operator.istio-system.svc", "localhost"],
            },
            _ => []);
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.UseNarrowLimits();
            kestrel.ListenForProxies(IPAddress.Parse(address), port, certificate, limits ?? new DiscoveryLimits());
        });
        var app = builder.Build();
        app.MapDiscovery();
        await app.StartAsync(TestContext.Current.CancellationToken);
        var replica = new Replica(app, tap, logs);
        await Wait.Until(
            () => replica.States.IsRead && certificate.Current is not null, "the replica is ready", clock, TimeSpan.FromMilliseconds(20));
        await File.WriteAllTextAsync(cluster.CaFile, replica.Certificates.Bundle);
        return replica;
    }

    /// <summary>A channel as proxies open one.</summary>
    /// <param name="from">The address of loopback that it comes from.</param>
    public GrpcChannel Open(string from = "127.0.0.1") =>
        GrpcChannel.ForAddress(
            $"https://localhost:{Port}",
            new GrpcChannelOptions
            {
                HttpHandler = Handler(from),
                MaxSendMessageSize = null,
                DisposeHttpClient = true,
            });

    public static Metadata Bearer(string token) => new() { { "authorization", $"Bearer {token}" } };

    /// <summary>The newest table is acknowledged by that many proxies.</summary>
    public bool HasAcknowledged(int proxies = 1) =>
        Registry.All is var all && all.Count == proxies && all.All(p => p.TableVersion == TableVersion && p.Error is null);

    public Task StopAsync() => _app.StopAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    /// <summary>Trusts the replica.</summary>
    public SocketsHttpHandler Handler(string from = "127.0.0.1")
    {
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.ImportFromPem(Certificates.Bundle);
        return new SocketsHttpHandler
        {
            SslOptions = new() { CertificateChainPolicy = trust },
            ConnectCallback = async (context, ct) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, context.DnsEndPoint.Port), ct);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
    }
}
