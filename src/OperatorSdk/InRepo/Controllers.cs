// The names of KubeOps for an operator's controllers. The operator itself has no controller on them; the engine beside this file runs those
// of others, and the tests hold it to that.
using System.Diagnostics.CodeAnalysis;
using k8s;
using k8s.Models;
using KubeOps.Abstractions.Builder;
using KubeOps.Abstractions.Reconciliation.Controller;
using Microsoft.Extensions.DependencyInjection;
using Turnpike.OperatorSdk.Engine;

namespace KubeOps.Operator
{
    public static class ServiceCollectionExtensions
    {
        /// <summary>Makes the host an operator.</summary>
        public static IOperatorBuilder AddKubernetesOperator(
            this IServiceCollection services, Action<OperatorSettingsBuilder>? configure = null)
        {
            var settings = new OperatorSettingsBuilder();
            configure?.Invoke(settings);
            return new OperatorBuilder(services, settings.Build());
        }
    }
}

namespace KubeOps.Abstractions.Builder
{
    /// <summary>Collects the parts of the operator.</summary>
    public interface IOperatorBuilder
    {
        IServiceCollection Services { get; }

        OperatorSettings Settings { get; }

        /// <summary>Registers <typeparamref name="TImplementation"/> to reconcile every <typeparamref name="TEntity"/>.</summary>
        IOperatorBuilder AddController<TImplementation, TEntity>()
            where TImplementation : class, IEntityController<TEntity>
            where TEntity : IKubernetesObject<V1ObjectMeta>;
    }

    /// <summary>The settings of a built operator.</summary>
    public sealed record OperatorSettings
    {
        public string Name { get; init; } = OperatorSettingsBuilder.DefaultName;
    }

    /// <summary>The settings of an operator that is being built.</summary>
    public sealed class OperatorSettingsBuilder
    {
        internal const string DefaultName = "kubernetesoperator";

        public string Name { get; set; } = DefaultName;

        public OperatorSettings Build() => new() { Name = Name };
    }

    /// <summary>Methods that can be chained for each setting.</summary>
    public static class OperatorSettingsBuilderExtensions
    {
        public static OperatorSettingsBuilder WithName(this OperatorSettingsBuilder builder, string name)
        {
            builder.Name = name;
            return builder;
        }
    }
}

namespace KubeOps.Abstractions.Reconciliation
{
    /// <summary>The result of a reconciliation, and when to reconcile again.</summary>
    public sealed record ReconciliationResult<TEntity>
        where TEntity : IKubernetesObject<V1ObjectMeta>
    {
        private ReconciliationResult(TEntity entity, string? errorMessage, Exception? error, TimeSpan? requeueAfter) =>
            (Entity, ErrorMessage, Error, RequeueAfter) = (entity, errorMessage, error, requeueAfter);

        public TEntity Entity { get; }

        [MemberNotNullWhen(false, nameof(ErrorMessage))]
        public bool IsSuccess => ErrorMessage is null;

        public string? ErrorMessage { get; }

        public Exception? Error { get; }

        /// <summary>
        /// The time after which to reconcile again. Null after a success waits for a change; null after a failure tries again after a
        /// growing delay.
        /// </summary>
        public TimeSpan? RequeueAfter { get; set; }

        public static ReconciliationResult<TEntity> Success(TEntity entity, TimeSpan? requeueAfter = null) =>
            new(entity, null, null, requeueAfter);

        public static ReconciliationResult<TEntity> Failure(
            TEntity entity, string errorMessage, Exception? error = null, TimeSpan? requeueAfter = null) =>
            new(entity, errorMessage, error, requeueAfter);
    }
}

namespace KubeOps.Abstractions.Reconciliation.Controller
{
    /// <summary>Reconciles entities. It gets states rather than events, and may get the same state twice.</summary>
    public interface IEntityController<TEntity>
        where TEntity : IKubernetesObject<V1ObjectMeta>
    {
        /// <summary>Called when the entity is new or changed, or when it is time to reconcile it again.</summary>
        Task<ReconciliationResult<TEntity>> ReconcileAsync(TEntity entity, CancellationToken cancellationToken);

        /// <summary>Called when the entity has been deleted, with its last state.</summary>
        Task<ReconciliationResult<TEntity>> DeletedAsync(TEntity entity, CancellationToken cancellationToken);
    }
}
