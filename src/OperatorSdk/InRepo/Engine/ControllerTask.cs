using k8s;
using k8s.Models;
using KubeOps.Abstractions.Reconciliation;
using KubeOps.Abstractions.Reconciliation.Controller;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Reconcile;

namespace Turnpike.OperatorSdk.Engine;

/// <summary>
/// Calls one controller for the keys of its queue, in every replica. A controller that only the leader may run must ask for that itself.
/// </summary>
internal sealed class ControllerTask<TController, TEntity>(
    EntityQueue<TEntity> queue, IServiceScopeFactory scopes, ILogger<TController> log, TimeProvider clock) : BackgroundService
    where TController : class, IEntityController<TEntity>
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    private static readonly ReconcileOptions Options = new() { Workers = Environment.ProcessorCount * 2 };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var loop = new ReconcileLoop<NamespacedName>(typeof(TController).Name, queue.Keys, ReconcileAsync, Options, log, clock);
        await loop.RunAsync([queue.Synced], stoppingToken);
    }

    public override void Dispose()
    {
        queue.Dispose();
        base.Dispose();
    }

    private async Task<TimeSpan?> ReconcileAsync(NamespacedName key, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var controller = scope.ServiceProvider.GetRequiredService<TController>();
        TimeSpan? again = null;
        TimeSpan? next = null;
        if (queue.FindDeleted(key) is { } deleted)
        {
            again = Result(await controller.DeletedAsync(deleted.Open(), ct));
            if (again is null)
                queue.Settle(key, deleted);
        }

        if (queue.Current(key) is { } current)
            next = Result(await controller.ReconcileAsync(current.Open(), ct));
        return next < again ? next : again ?? next;
    }

    /// <summary>Throws for a failure without a time to try again, so that the queue tries again after a growing delay.</summary>
    private static TimeSpan? Result(ReconciliationResult<TEntity> result) => result.IsSuccess || result.RequeueAfter is not null
        ? result.RequeueAfter
        : throw new InvalidOperationException(result.ErrorMessage, result.Error);
}
