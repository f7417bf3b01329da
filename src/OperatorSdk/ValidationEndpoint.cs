using System.Text.Json;
using k8s;
using k8s.Models;
using KubeOps.Operator.Web.Webhooks.Admission.Validation;
using Microsoft.Extensions.DependencyInjection;
using Turnpike.Hosting.Admission;

namespace Turnpike.OperatorSdk;

/// <summary>Decides admission requests with a webhook class, with a new instance for each request.</summary>
internal sealed class ValidationEndpoint<TWebhook, TEntity>(IServiceScopeFactory scopes)
    where TWebhook : ValidationWebhook<TEntity>
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    private const int Unprocessable = 422;
    private const int Forbidden = 403;
    private const int BadRequest = 400;

    public async ValueTask<AdmissionResponse> HandleAsync(AdmissionRequest request, CancellationToken ct)
    {
        TEntity? entity, old;
        try
        {
            (entity, old) = (Read(request.Object), Read(request.OldObject));
        }
        catch (JsonException e)
        {
            return AdmissionResponse.Denied($"{e.Path ?? "object"}: cannot be read as {typeof(TEntity).Name}", Unprocessable, "Invalid");
        }

        await using var scope = scopes.CreateAsyncScope();
        var webhook = scope.ServiceProvider.GetRequiredService<TWebhook>();
        return (request.Operation, entity, old) switch
        {
            (AdmissionOperation.Create, { } created, _) => ResponseOf(await webhook.CreateAsync(created, request.DryRun, ct)),
            (AdmissionOperation.Update, { } changed, { } before) =>
                ResponseOf(await webhook.UpdateAsync(before, changed, request.DryRun, ct)),
            (AdmissionOperation.Delete, _, { } deleted) => ResponseOf(await webhook.DeleteAsync(deleted, request.DryRun, ct)),
            _ => AdmissionResponse.Denied($"operation {request.Operation} without its object is not supported", Unprocessable, "Invalid"),
        };
    }

    private static TEntity? Read(JsonElement? json) => json is { } element ? KubernetesJson.Deserialize<TEntity>(element) : default;

    private static AdmissionResponse ResponseOf(ValidationResult result)
    {
        if (result.Valid)
            return AdmissionResponse.Allowed().With(result.Warnings);
        var code = result.Status?.Code is { } stated and >= 400 ? stated : Forbidden;
        var reason = code switch
        {
            BadRequest => "BadRequest",
            Unprocessable => "Invalid",
            _ => "Forbidden",
        };
        return AdmissionResponse.Denied(result.Status?.Message ?? "the object is not valid", code, reason).With(result.Warnings);
    }
}
