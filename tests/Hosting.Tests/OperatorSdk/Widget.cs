using System.Collections.Concurrent;
using k8s.Models;
using KubeOps.Abstractions.Entities;
using KubeOps.Abstractions.Reconciliation;
using KubeOps.Abstractions.Reconciliation.Controller;
using KubeOps.Operator.Web.Webhooks.Admission.Validation;

namespace Turnpike.Tests.Hosting.OperatorSdk;

[KubernetesEntity(Group = "test.turnpike.io", ApiVersion = "v1", Kind = "Widget", PluralName = "widgets")]
public sealed class Widget : CustomKubernetesEntity
{
    public WidgetSpec Spec { get; set; } = new();

    public WidgetStatus Status { get; set; } = new();

    public sealed class WidgetSpec
    {
        public int Size { get; set; }
    }

    public sealed class WidgetStatus
    {
        public string? Phase { get; set; }
    }
}

/// <summary>The calls that the controllers of one operator received.</summary>
public sealed class WidgetLog
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public Func<Widget, ReconciliationResult<Widget>> Answer { get; set; } = widget => ReconciliationResult<Widget>.Success(widget);

    public string Text => string.Join(' ', Lines);
}

public sealed class WidgetController(WidgetLog log) : IEntityController<Widget>
{
    public Task<ReconciliationResult<Widget>> ReconcileAsync(Widget entity, CancellationToken cancellationToken)
    {
        log.Lines.Enqueue($"{entity.Metadata.Name}={entity.Spec.Size}");

        // Controllers may do as they like with what they are given.
        entity.Spec.Size = -1;
        return Task.FromResult(log.Answer(entity));
    }

    public Task<ReconciliationResult<Widget>> DeletedAsync(Widget entity, CancellationToken cancellationToken)
    {
        log.Lines.Enqueue($"-{entity.Metadata.Name}={entity.Spec.Size}");
        return Task.FromResult(log.Answer(entity));
    }
}

[ValidationWebhook(typeof(Widget))]
public sealed class WidgetWebhook : ValidationWebhook<Widget>
{
    public override ValidationResult Create(Widget entity, bool dryRun) => entity.Spec.Size switch
    {
        < 0 => Fail("spec.size: Invalid value: must not be negative", 422),
        0 => Fail("no size"),
        > 100 => Success("spec.size: large"),
        13 => throw new InvalidOperationException("boom"),
        _ => Success(),
    };

    public override async Task<ValidationResult> UpdateAsync(
        Widget oldEntity, Widget newEntity, bool dryRun, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return newEntity.Spec.Size < oldEntity.Spec.Size
            ? Fail("spec.size: must not shrink" + (dryRun ? " (dry run)" : ""), 422)
            : Success();
    }

    public override ValidationResult Delete(Widget entity, bool dryRun) => entity.Spec.Size == 7 ? Fail() : Success();
}
