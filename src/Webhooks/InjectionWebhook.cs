using System.Buffers;
using System.Text.Json;
using Turnpike.Hosting.Admission;
using Turnpike.Injector;
using Turnpike.Injector.Patch;

namespace Turnpike.Webhooks;

/// <summary>Injects the sidecar. Never stands in the way: what cannot be injected passes with a warning that says why.</summary>
public sealed class InjectionWebhook(InjectionSettings settings, ResourceConstraintsIndex limits)
{
    public ValueTask<AdmissionResponse> ReviewAsync(AdmissionRequest request, CancellationToken ct) => new(Review(request));

    private AdmissionResponse Review(AdmissionRequest request)
    {
        if (request.Operation is not (AdmissionOperation.Create or AdmissionOperation.Update) || request.Object is null)
            return AdmissionResponse.Allowed();
        var result = Injection.Inject(ObjectReview.ObjectOf(request), request.Namespace, settings.Config, settings.Options with { Limits = limits.Of(request.Namespace) });
        ResourceConstraintsIndex.Count(result);
        return result.Outcome switch
        {
            InjectionOutcome.Injected => AdmissionResponse.Patched(Serialize(result.Patch)).With(result.Notes),
            InjectionOutcome.Invalid => AdmissionResponse.Allowed().With(result.Errors.Select(e => $"no sidecar is injected: {e}")),
            InjectionOutcome.DoesNotFit => AdmissionResponse.Allowed().With($"no sidecar is injected: {result.Reason}"),
            _ => AdmissionResponse.Allowed(),
        };
    }

    private static ReadOnlyMemory<byte> Serialize(IReadOnlyList<PatchOperation> patch)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer))
            JsonPatch.Write(writer, patch);
        return buffer.WrittenMemory;
    }
}
