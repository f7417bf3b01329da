using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Turnpike.Api;
using Turnpike.Compiler;
using Turnpike.Hosting.Certificates;
using Turnpike.Hosting.Serving;

namespace Turnpike.Discovery;

/// <summary>Discovery as a host serves it.</summary>
public static class DiscoveryHosting
{
    /// <summary>Watches the cluster, compiles it, and serves the streams. Needs a <see cref="Hosting.Client.KubeApi"/>.</summary>
    public static IServiceCollection AddDiscovery(this IServiceCollection services, Profile profile)
    {
        services.AddSingleton(profile);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(new DiscoveryLimits());
        services.TryAddSingleton<TableCompiler>(_ => new IncrementalCompiler().Compile);
        services.AddSingleton<ClusterWatcher>().AddSingleton<DiscoveryStates>().AddSingleton<DiscoveryMetrics>();
        services.AddSingleton<ProxyRegistry>().AddSingleton<ProxyRegistries>();
        services.AddSingleton<ProxyAuthenticator>().AddSingleton<DiscoveryGate>().AddSingleton<LargeUpdates>().AddSingleton<FleetStreams>();
        services.AddHostedService<TableReconciler>();
        services.AddGrpc()
            .AddServiceOptions<DiscoveryService>(grpc => grpc.MaxReceiveMessageSize = DiscoveryLimits.MessageSize)
            .AddServiceOptions<FleetService>(grpc => grpc.MaxReceiveMessageSize = DiscoveryLimits.FleetMessageSize);
        return services;
    }

    /// <summary>The port that proxies and other replicas come to.</summary>
    /// <param name="kestrel">The server.</param>
    /// <param name="address">Null: every one of this machine.</param>
    /// <param name="port">0 is any free port.</param>
    /// <param name="certificate">The one that proxies trust.</param>
    /// <param name="limits">Of its connections.</param>
    public static void ListenForProxies(this KestrelServerOptions kestrel, IPAddress? address, int port, ServerCertificate certificate, DiscoveryLimits limits)
    {
        var bounds = new ConnectionBounds(limits.Connections, kestrel.ApplicationServices.GetRequiredService<TimeProvider>());
        if (address is null)
            kestrel.ListenAnyIP(port, Configure);
        else
            kestrel.Listen(address, port, Configure);

        void Configure(ListenOptions listen)
        {
            listen.Protocols = HttpProtocols.Http2;
            bounds.Apply(listen, certificate.Configure);
        }
    }

    public static void MapDiscovery(this IEndpointRouteBuilder routes)
    {
        var gate = routes.ServiceProvider.GetRequiredService<DiscoveryGate>();
        var profile = routes.ServiceProvider.GetRequiredService<Profile>();
        gate.Guard(routes.MapGrpcService<DiscoveryService>(), [.. TablesOf(profile, routes.ServiceProvider.GetRequiredService<DiscoveryLimits>())]);
        gate.Guard(routes.MapGrpcService<FleetService>(), ServiceAccess.Fleet(profile));
    }

    private static IEnumerable<ServiceAccess> TablesOf(Profile profile, DiscoveryLimits limits)
    {
        yield return ServiceAccess.IngressTable(profile);
        if (limits.SidecarStreams > 0)
            yield return ServiceAccess.SidecarTable;
    }
}
