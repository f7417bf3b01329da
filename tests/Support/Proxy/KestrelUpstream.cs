using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Turnpike.Tests.Support.Proxy;

/// <summary>A well-behaved server with a handler of the test's own.</summary>
internal sealed class KestrelUpstream : IAsyncDisposable
{
    private readonly WebApplication _app;

    private KestrelUpstream(WebApplication app, IPEndPoint endPoint)
    {
        _app = app;
        EndPoint = endPoint;
    }

    public IPEndPoint EndPoint { get; }

    /// <param name="handler">Answers each request.</param>
    /// <param name="protocols">What it speaks.</param>
    /// <param name="certificate">For a server name, null where the client sent none; null for cleartext.</param>
    public static async Task<KestrelUpstream> StartAsync(
        RequestDelegate handler, HttpProtocols protocols = HttpProtocols.Http1, Func<string?, X509Certificate2>? certificate = null)
    {
        ListenOptions? listener = null;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listener = listen;
                listen.Protocols = protocols;
                if (certificate is not null)
                    listen.UseHttps(https => https.ServerCertificateSelector = (_, name) => certificate(name));
            });
        });
        var app = builder.Build();
        app.Run(handler);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new KestrelUpstream(app, listener!.IPEndPoint!);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }
}
