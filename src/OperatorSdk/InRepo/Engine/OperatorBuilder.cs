using k8s;
using k8s.Models;
using KubeOps.Abstractions.Builder;
using KubeOps.Abstractions.Events;
using KubeOps.Abstractions.Reconciliation.Controller;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Turnpike.Hosting;
using Turnpike.Hosting.Api;
using Turnpike.Hosting.Apply;
using Turnpike.Hosting.Reconcile;
using Turnpike.Hosting.Watch;
using EnginePublisher = Turnpike.Hosting.Apply.EventPublisher;
using EventPublisher = KubeOps.Abstractions.Events.EventPublisher;

namespace Turnpike.OperatorSdk.Engine;

/// <summary>Puts the facade's parts on the engine. What the host has registered already (API server, election) is left as it is.</summary>
internal sealed class OperatorBuilder : IOperatorBuilder
{
    public OperatorBuilder(IServiceCollection services, OperatorSettings settings)
    {
        (Services, Settings) = (services, settings);
        services.AddKubeApi(KubeEndpoint.Discover);
        services.TryAddSingleton(settings);
        services.TryAddSingleton(provider => new EnginePublisher(
            provider.GetRequiredService<KubeApi>(),
            settings.Name,
            Environment.MachineName,
            provider.GetRequiredService<ILogger<EnginePublisher>>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<EventPublisher>(provider => PublishWith(provider.GetRequiredService<EnginePublisher>()));
        if (settings.LeaderElectionType == LeaderElectionType.Single)
            services.AddLeaderElection(provider => Election(provider.GetRequiredService<KubeApi>(), settings));
    }

    public IServiceCollection Services { get; }

    public OperatorSettings Settings { get; }

    public IOperatorBuilder AddController<TImplementation, TEntity>()
        where TImplementation : class, IEntityController<TEntity>
        where TEntity : IKubernetesObject<V1ObjectMeta>
    {
        if (Services.All(known => known.ServiceType != typeof(Informer<EntitySnapshot<TEntity>>)))
        {
            var options = new InformerOptions { Query = new() { Namespace = Settings.Namespace } };
            Services.AddInformer(EntityKind.Of(typeof(TEntity)), EntitySnapshot<TEntity>.Read, options);
        }

        Services.TryAddScoped<TImplementation>();
        Services.AddSingleton(provider => new ControllerTask<TImplementation, TEntity>(
            new(
                provider.GetRequiredService<Informer<EntitySnapshot<TEntity>>>(),
                provider.GetRequiredService<TimeProvider>(),
                Settings.LeaderElectionLeaseDuration * 4),
            provider.GetRequiredService<IServiceScopeFactory>(),
            provider.GetRequiredService<ILogger<TImplementation>>(),
            provider.GetRequiredService<TimeProvider>()));
        if (Settings.LeaderElectionType == LeaderElectionType.Single)
            Services.AddSingleton<ILeaderTask>(provider => provider.GetRequiredService<ControllerTask<TImplementation, TEntity>>());
        else
            Services.AddHostedService<ControllerTask<TImplementation, TEntity>.Service>();
        return this;
    }

    private static LeaderElectionOptions Election(KubeApi api, OperatorSettings settings) =>
        new(new(api.Namespace ?? "default", settings.Name + "-leader"), $"{Environment.MachineName}_{Guid.NewGuid():N}")
        {
            LeaseDuration = settings.LeaderElectionLeaseDuration,
            RenewDeadline = settings.LeaderElectionRenewDeadline,
            RetryPeriod = settings.LeaderElectionRetryPeriod,
        };

    private static EventPublisher PublishWith(EnginePublisher publisher) => (entity, reason, message, type, ct) =>
    {
        var metadata = entity.Metadata;
        var key = new ObjectKey(metadata.NamespaceProperty ?? "", metadata.Name);
        var subject = new EventSubject(EntityKind.Of(entity.GetType()), key, metadata.Uid ?? key.ToString());
        var severity = type == EventType.Warning ? EventSeverity.Warning : EventSeverity.Normal;
        return publisher.PublishAsync(subject, severity, reason, reason, message, ct);
    };
}
