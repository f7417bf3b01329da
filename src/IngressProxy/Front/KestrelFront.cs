using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Turnpike.IngressProxy.Tls;
using Turnpike.Pipeline;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.Front;

/// <summary>The listeners for clients. Kestrel parses what they send; no type of Kestrel leaves this room.</summary>
internal sealed class KestrelFront : IAsyncDisposable
{
    private const int MaxRequestHead = 60 * 1024;

    private static readonly TimeSpan IdleConnection = TimeSpan.FromHours(1);

    private readonly IHost _host;
    private readonly IServer _server;
    private readonly ProxyApplication _application;
    private readonly ListenOptions?[] _sockets;

    private KestrelFront(
        ProxyOptions options,
        ListenerBindings listeners,
        ProxyPipeline pipeline,
        CertificateSelector certificates,
        ConnectionGuard guard,
        TimeProvider time,
        ILoggerFactory loggers)
    {
        _sockets = new ListenOptions?[listeners.All.Length];
        _application = new ProxyApplication(pipeline);
        // The host never runs. It only supplies the services that Kestrel needs.
        _host = new HostBuilder()
            .ConfigureWebHost(
                web => web
                    .UseKestrelCore()
                    .UseSockets(sockets =>
                    {
                        sockets.UnsafePreferInlineScheduling = options.InlineScheduling;
                        sockets.MaxReadBufferSize = RequestBudget.ReadBuffer;
                    })
                    .ConfigureKestrel(kestrel =>
                    {
                        Configure(kestrel, options);
                        foreach (var listener in listeners.All)
                            Listen(kestrel, listener, options, certificates, guard, time);
                    })
                    .ConfigureServices(services => services
                        .AddSingleton<IConnectionListenerFactory, NullListener>()
                        .AddSingleton(loggers)),
                settings => settings.SuppressEnvironmentConfiguration = true)
            .Build();
        _server = _host.Services.GetRequiredService<IServer>();
    }

    /// <summary>Returns the address and the port that a listener has got.</summary>
    public IPEndPoint EndPointOf(ListenerBinding listener) => _sockets[listener.Index]!.IPEndPoint!;

    public static async Task<KestrelFront> StartAsync(
        ProxyOptions options,
        ListenerBindings listeners,
        ProxyPipeline pipeline,
        CertificateSelector certificates,
        ConnectionGuard guard,
        TimeProvider time,
        ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        var front = new KestrelFront(options, listeners, pipeline, certificates, guard, time, loggers);
        try
        {
            await front._server.StartAsync(front._application, cancellationToken);
            return front;
        }
        catch
        {
            await front.DisposeAsync();
            throw;
        }
    }

    /// <summary>Goes on serving, and asks clients with each response to come back on another connection.</summary>
    public void BeginDraining() => _application.BeginDraining();

    /// <summary>
    /// Accepts no more connections and lets requests in flight finish. Those that are not finished when the token is cancelled are aborted.
    /// </summary>
    public Task StopAsync(CancellationToken cancellationToken) => _server.StopAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync(new CancellationToken(canceled: true));
        _host.Dispose();
    }

    private static void Configure(KestrelServerOptions kestrel, ProxyOptions options)
    {
        kestrel.AddServerHeader = false;
        // The scheme is that of the listener, whatever a client or a load balancer claims.
        kestrel.AllowAlternateSchemes = true;
        // Header bytes are forwarded unchanged.
        kestrel.RequestHeaderEncodingSelector = HeaderEncodings.Of;
        kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
        var limits = kestrel.Limits;
        limits.MaxRequestBodySize = null;
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;
        limits.MaxRequestLineSize = MaxRequestHead;
        limits.MaxRequestHeadersTotalSize = MaxRequestHead;
        limits.MaxRequestHeaderCount = 1000;
        limits.Http2.MaxRequestHeaderFieldSize = MaxRequestHead;
        limits.KeepAliveTimeout = IdleConnection;
        limits.RequestHeadersTimeout = options.HeadTimeout;
        // Bytes that are not read yet count against the memory budget of their request.
        limits.MaxRequestBufferSize = RequestBudget.ReadBuffer;
        limits.Http2.InitialStreamWindowSize = RequestBudget.StreamWindow;
        limits.Http2.InitialConnectionWindowSize = RequestBudget.StreamWindow * 2;
    }

    private void Listen(
        KestrelServerOptions kestrel,
        ListenerBinding listener,
        ProxyOptions options,
        CertificateSelector certificates,
        ConnectionGuard guard,
        TimeProvider time)
    {
        var address = new IPEndPoint(options.Address, listener.Port);
        void Watch(ListenOptions listen)
        {
            _sockets[listener.Index] = listen;
            guard.Watch(listen);
        }
        switch (listener.Protocol)
        {
            case ListenerProtocols.Http:
                new Http2PrefaceDetector(options.HeadTimeout, time).Listen(
                    kestrel,
                    address,
                    listen =>
                    {
                        Watch(listen);
                        NoteConnection(listen, listener);
                    },
                    guard.WatchFrames);
                break;
            case ListenerProtocols.Https:
                kestrel.Listen(address, listen =>
                {
                    Watch(listen);
                    listen.Protocols = HttpProtocols.Http1AndHttp2;
                    NoteConnection(listen, listener);
                    listen.UseHttps(new TlsHandshakeCallbackOptions
                    {
                        OnConnection = context => new(certificates.Choose(context.ClientHelloInfo.ServerName)),
                        HandshakeTimeout = TimeSpan.FromSeconds(10),
                    });
                    guard.WatchFrames(listen);
                });
                break;
            default:
                throw new NotSupportedException($"listener {listener.Name}: this front does not speak {listener.Protocol}");
        }
    }

    private static void NoteConnection(ListenOptions listen, ListenerBinding listener) => listen.Use(next => connection =>
    {
        connection.Features.Set(new ConnectionFacts(listener, (connection.RemoteEndPoint as IPEndPoint)?.Address));
        return next(connection);
    });
}
