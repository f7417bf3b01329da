using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Turnpike.Samples.Httpbin.Endpoints;

namespace Turnpike.Samples.Httpbin;

/// <summary>A small httpbin. Its endpoints describe the request, or respond as the caller asks.</summary>
public static class HttpbinServer
{
    /// <summary>Starts a server and returns once it listens.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<RunningHttpbin> StartAsync(HttpbinOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var app = Build(options);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        var addresses = app.Urls.Select(url => new Uri(url)).ToArray();
        return new RunningHttpbin(app, addresses[0], addresses.ElementAtOrDefault(1));
    }

    private static WebApplication Build(HttpbinOptions options)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listen(kestrel, options));
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.GracePeriod);
        builder.Services.AddSingleton<IHostLifetime, OwnersLifetime>();
        if (options.LogToStandardError)
        {
            builder.Logging
                .SetMinimumLevel(LogLevel.Warning)
                // A failed start is thrown to the caller, whose message is shorter.
                .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
                .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        }

        var app = builder.Build();
        app.Use((context, next) => SignAsync(context, next, options));
        app.UseWebSockets();
        app.MapIndex();
        app.MapInspection(options);
        app.MapStatus();
        app.MapStreams(options);
        app.MapBodies();
        app.MapWebSocketEcho();
        return app;
    }

    private static void Listen(KestrelServerOptions kestrel, HttpbinOptions options)
    {
        kestrel.AddServerHeader = false;

        // A test backend accepts everything that the proxy in front of it forwards.
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.MaxRequestLineSize = 256 * 1024;
        kestrel.Limits.MaxRequestHeadersTotalSize = 1024 * 1024;
        kestrel.Limits.MaxRequestBufferSize = 2 * 1024 * 1024;
        kestrel.Limits.MaxRequestHeaderCount = 1000;
        kestrel.RequestHeaderEncodingSelector = _ => Encoding.Latin1;

        kestrel.Listen(options.Address, options.Port, listen => listen.Protocols = HttpProtocols.Http1);
        if (options.Http2Port is { } http2Port)
            kestrel.Listen(options.Address, http2Port, listen => listen.Protocols = HttpProtocols.Http2);
    }

    private static async Task SignAsync(HttpContext context, RequestDelegate next, HttpbinOptions options)
    {
        HttpRequest request = context.Request;
        if (options.RequestLog is { } log)
            await log.WriteLineAsync($"{request.Method} {request.Host} {request.Path}{request.QueryString}");
        context.Response.Headers.Server = "httpbin";
        if (options.VersionLabel is { } label)
            context.Response.Headers["X-Httpbin-Version"] = label;

        await next(context);

        // The text distinguishes this 404 from one of the proxy.
        if (context.GetEndpoint() is null && context.Response is { HasStarted: false, StatusCode: StatusCodes.Status404NotFound })
            await context.Response.WriteTextAsync(StatusCodes.Status404NotFound, $"httpbin has no {context.Request.Path}; see /\n");
    }

    /// <summary>Leaves signals and the console to the caller, because the server may run inside another process.</summary>
    private sealed class OwnersLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
