using k8s;
using k8s.Models;
using KubeOps.Abstractions.Builder;
using KubeOps.Abstractions.Reconciliation.Controller;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Turnpike.Hosting;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Watch;

namespace Turnpike.OperatorSdk.Engine;

/// <summary>Registers controllers on the engine. An API server that the host has registered stays.</summary>
internal sealed class OperatorBuilder : IOperatorBuilder
{
    public OperatorBuilder(IServiceCollection services, OperatorSettings settings)
    {
        (Services, Settings) = (services, settings);
        services.AddKubeApi(KubeEndpoint.Discover);
        services.TryAddSingleton(settings);
    }

    public IServiceCollection Services { get; }

    public OperatorSettings Settings { get; }

    public IOperatorBuilder AddController<TImplementation, TEntity>()
        where TImplementation : class, IEntityController<TEntity>
        where TEntity : IKubernetesObject<V1ObjectMeta>
    {
        if (Services.All(known => known.ServiceType != typeof(Informer<EntitySnapshot<TEntity>>)))
            Services.AddInformer(EntityKind.Of(typeof(TEntity)), EntitySnapshot<TEntity>.Read);
        Services.TryAddScoped<TImplementation>();
        Services.AddSingleton(provider => new ControllerTask<TImplementation, TEntity>(
            new(provider.GetRequiredService<Informer<EntitySnapshot<TEntity>>>(), provider.GetRequiredService<TimeProvider>()),
            provider.GetRequiredService<IServiceScopeFactory>(),
            provider.GetRequiredService<ILogger<TImplementation>>(),
            provider.GetRequiredService<TimeProvider>()));
        Services.AddHostedService(provider => provider.GetRequiredService<ControllerTask<TImplementation, TEntity>>());
        return this;
    }
}
