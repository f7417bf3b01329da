using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Turnpike.IngressProxy.Admin;

/// <summary>A listener for pages about the proxy. It is a server of its own, so that it responds while the one for clients drains.</summary>
internal sealed class AdminServer : IAsyncDisposable
{
    private readonly KestrelServer _server;
    private ListenOptions? _listener;

    private AdminServer(IPEndPoint endPoint, ILoggerFactory loggers)
    {
        var kestrel = new KestrelServerOptions { AddServerHeader = false };
        kestrel.Listen(endPoint, listen =>
        {
            _listener = listen;
            listen.Protocols = HttpProtocols.Http1;
        });
        var sockets = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), loggers);
        _server = new KestrelServer(Options.Create(kestrel), sockets, loggers);
    }

    public IPEndPoint EndPoint => _listener!.IPEndPoint!;

    public static async Task<AdminServer> StartAsync(
        IPEndPoint endPoint, IPages pages, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var admin = new AdminServer(endPoint, loggers);
        try
        {
            await admin._server.StartAsync(new Application(pages), cancellationToken);
            return admin;
        }
        catch
        {
            await admin.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync(new CancellationToken(canceled: true));
        _server.Dispose();
    }

    private sealed class Application(IPages pages) : IHttpApplication<IFeatureCollection>
    {
        public IFeatureCollection CreateContext(IFeatureCollection contextFeatures) => contextFeatures;

        public async Task ProcessRequestAsync(IFeatureCollection context)
        {
            var request = context.GetRequiredFeature<IHttpRequestFeature>();
            var page = pages.Get(request.Method, request.Path, request.QueryString);
            var response = context.GetRequiredFeature<IHttpResponseFeature>();
            response.StatusCode = page.Status;
            response.Headers.ContentType = page.ContentType;
            response.Headers.ContentLength = page.Body.Length;
            if (request.Method != "HEAD")
                await context.GetRequiredFeature<IHttpResponseBodyFeature>().Writer.WriteAsync(page.Body);
        }

        public void DisposeContext(IFeatureCollection context, Exception? exception)
        {
        }
    }
}
