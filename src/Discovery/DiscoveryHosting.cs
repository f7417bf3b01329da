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

/// <summary>Registers and maps the services of discovery in a host.</summary>
public static class DiscoveryHosting
{
    /// <summary>
    /// Adds the services that watch the cluster, compile it, and serve the streams. They need a <see cref="Hosting.Client.KubeApi"/>.
    /// </summary>
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

    /// <summary>Listens on the port to which proxies and other replicas connect.</summary>
    /// <param name="kestrel">The server.</param>
    /// <param name="address">The address to listen on; null for all addresses of the machine.</param>
    /// <param name="port">The port; 0 for any free port.</param>
    /// <param name="certificate">The server certificate, which proxies trust.</param>
    /// <param name="limits">The limits, of which those of connections apply to the port.</param>
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
