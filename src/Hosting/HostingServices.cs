using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Turnpike.Hosting.Certificates;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Reconcile;
using Turnpike.Hosting.Watch;

namespace Turnpike.Hosting;

/// <summary>Registers the parts of the runtime.</summary>
public static class HostingServices
{
    /// <summary>Registers the API server as a singleton <see cref="KubeApi"/>.</summary>
    public static IServiceCollection AddKubeApi(this IServiceCollection services, Func<KubeEndpoint> endpoint)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider => new KubeApi(endpoint(), provider.GetRequiredService<TimeProvider>()));
        return services;
    }

    /// <summary>
    /// Registers a singleton <see cref="Informer{T}"/> that runs with the host, and its <see cref="ObjectCache{T}"/>. There is one informer
    /// for each <typeparamref name="T"/>, so two informers of one kind need two types.
    /// </summary>
    public static IServiceCollection AddInformer<T>(
        this IServiceCollection services, ResourceRef resource, Func<JsonElement, T> decode, InformerOptions? options = null)
        where T : class
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new Informer<T>(
            provider.GetRequiredService<KubeApi>(),
            resource,
            decode,
            options ?? new(),
            provider.GetRequiredService<ILogger<Informer<T>>>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => provider.GetRequiredService<Informer<T>>().Cache);
        services.AddSingleton<IInformer>(provider => provider.GetRequiredService<Informer<T>>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, InformerService>());
        return services;
    }

    /// <summary>
    /// Registers a singleton <see cref="LeaderElection"/> that runs every registered <see cref="ILeaderTask"/> in each of its terms.
    /// </summary>
    public static IServiceCollection AddLeaderElection(
        this IServiceCollection services, Func<IServiceProvider, LeaderElectionOptions> options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider => new LeaderElection(
            provider.GetRequiredService<KubeApi>(),
            options(provider),
            provider.GetRequiredService<ILogger<LeaderElection>>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, LeaderService>());
        return services;
    }

    /// <summary>
    /// Registers serving certificates of an own authority. <see cref="ServerCertificate"/> holds the current one, and
    /// <see cref="IServingCertificates"/> says whether clients accept it.
    /// </summary>
    public static IServiceCollection AddRotatingCertificates(
        this IServiceCollection services,
        Func<IServiceProvider, CertificateOptions> options,
        Func<IServiceProvider, IEnumerable<ITrustTarget>> targets) =>
        services.AddCertificates(provider => new RotatingCertificates(
            provider.GetRequiredService<KubeApi>(),
            options(provider),
            targets(provider),
            provider.GetRequiredService<ServerCertificate>(),
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetRequiredService<TimeProvider>()));

    /// <summary>Registers serving certificates from files that another program writes.</summary>
    public static IServiceCollection AddMountedCertificates(
        this IServiceCollection services, MountedCertificateOptions options, Func<IServiceProvider, IEnumerable<ITrustTarget>> targets) =>
        services.AddCertificates(provider => new MountedCertificates(
            options,
            targets(provider),
            provider.GetRequiredService<ServerCertificate>(),
            provider.GetRequiredService<ILogger<MountedCertificates>>(),
            provider.GetRequiredService<TimeProvider>()));

    private static IServiceCollection AddCertificates<T>(this IServiceCollection services, Func<IServiceProvider, T> make)
        where T : class, IServingCertificates, IHostedService
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ServerCertificate>();
        services.AddSingleton(make);
        services.AddSingleton<IServingCertificates>(provider => provider.GetRequiredService<T>());
        services.AddHostedService(provider => provider.GetRequiredService<T>());
        return services;
    }
}
