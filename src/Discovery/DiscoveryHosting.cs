using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Turnpike.Hosting.Certificates;

namespace Turnpike.Discovery;

/// <summary>Discovery as a host serves it.</summary>
public static class DiscoveryHosting
{
    /// <summary>Watches the cluster, compiles it, and serves the streams. Needs a <see cref="Hosting.Api.KubeApi"/>.</summary>
    public static IServiceCollection AddDiscovery(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(new DiscoveryLimits());
        services.AddSingleton<ClusterFeed>().AddSingleton<DiscoveryStates>().AddSingleton<ProxyRegistry>().AddSingleton<ProxyAuthenticator>().AddSingleton<DiscoveryMetrics>();
        services.AddHostedService<DiscoveryEngine>();
        services.AddGrpc().AddServiceOptions<DiscoveryService>(grpc => grpc.MaxReceiveMessageSize = DiscoveryLimits.MessageSize);
        return services;
    }

    /// <summary>The port that proxies and other replicas come to.</summary>
    /// <param name="kestrel">The server.</param>
    /// <param name="address">Null: every one of this machine.</param>
    /// <param name="port">0 is any free port.</param>
    /// <param name="certificate">The one that proxies trust.</param>
    public static void ListenForProxies(this KestrelServerOptions kestrel, IPAddress? address, int port, ServerCertificate certificate)
    {
        // A proxy that is gone without a word would be counted for ever, and rules wait for it.
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(10);
        kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(5);
        if (address is null)
            kestrel.ListenAnyIP(port, Configure);
        else
            kestrel.Listen(address, port, Configure);

        void Configure(ListenOptions listen)
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(certificate.Configure);
        }
    }

    public static void MapDiscovery(this IEndpointRouteBuilder routes)
    {
        routes.MapGrpcService<DiscoveryService>();
        routes.MapGrpcService<FleetService>();
    }
}
