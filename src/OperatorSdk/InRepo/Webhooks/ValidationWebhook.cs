using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Mvc;

namespace KubeOps.Operator.Web.Webhooks.Admission.Validation;

/// <summary>
/// Validates entities of one type. A derived class overrides the methods that it needs, in their synchronous or asynchronous form; the
/// asynchronous form is the one that is called. It needs a <see cref="ValidationWebhookAttribute"/>.
/// </summary>
/// <remarks>
/// It derives from the base class of MVC controllers as KubeOps' class does, so that a name that clashes with one of its members is an
/// error in every build.
/// </remarks>
public abstract class ValidationWebhook<TEntity> : ControllerBase
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    public virtual Task<ValidationResult> CreateAsync(TEntity entity, bool dryRun, CancellationToken cancellationToken) =>
        Task.FromResult(Create(entity, dryRun));

    public virtual ValidationResult Create(TEntity entity, bool dryRun) => Success();

    public virtual Task<ValidationResult> UpdateAsync(
        TEntity oldEntity, TEntity newEntity, bool dryRun, CancellationToken cancellationToken) =>
        Task.FromResult(Update(oldEntity, newEntity, dryRun));

    public virtual ValidationResult Update(TEntity oldEntity, TEntity newEntity, bool dryRun) => Success();

    public virtual Task<ValidationResult> DeleteAsync(TEntity entity, bool dryRun, CancellationToken cancellationToken) =>
        Task.FromResult(Delete(entity, dryRun));

    public virtual ValidationResult Delete(TEntity entity, bool dryRun) => Success();

    protected ValidationResult Success(params string[] warnings) => new() { Warnings = warnings };

    protected ValidationResult Fail() => new(false);

    protected ValidationResult Fail(string reason) => Fail() with { Status = new(reason) };

    protected ValidationResult Fail(string reason, int statusCode) => Fail() with { Status = new(reason, statusCode) };
}
