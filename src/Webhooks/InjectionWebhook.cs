using System.Buffers;
using System.Text.Json;
using Turnpike.Hosting.Admission;
using Turnpike.Injector;
using Turnpike.Injector.Patch;

namespace Turnpike.Webhooks;

/// <summary>Facts about the cluster at the time of a review.</summary>
/// <param name="HasNativeSidecars">Returns whether the cluster supports native sidecars.</param>
/// <param name="IsImageProven">Returns whether a proxy of that image has been ready.</param>
/// <param name="SelfTestNamespace">
/// The namespace in which the operator tests injection by dry run. No pod ever runs there, so the image need not be proven: the test is
/// whether admission works.
/// </param>
public sealed record InjectionFacts(Func<bool> HasNativeSidecars, Func<string, bool> IsImageProven, string SelfTestNamespace);

/// <summary>Injects the sidecar. It denies nothing: a pod that cannot be injected is allowed with a warning that says why.</summary>
public sealed class InjectionWebhook(
    InjectionSettings settings, ResourceConstraintsIndex limits, InjectionFacts facts, InjectionReport report)
{
    public ValueTask<AdmissionResponse> ReviewAsync(AdmissionRequest request, CancellationToken ct) =>
        new(Review(request, isAsked: false));

    /// <summary>Reviews a pod of a namespace that asks for sidecars.</summary>
    public ValueTask<AdmissionResponse> ReviewAskedAsync(AdmissionRequest request, CancellationToken ct) =>
        new(Review(request, isAsked: true));

    private AdmissionResponse Review(AdmissionRequest request, bool isAsked)
    {
        if (request.Operation is not (AdmissionOperation.Create or AdmissionOperation.Update) || request.Object is null)
            return AdmissionResponse.Allowed();
        var options = new InjectOptions
        {
            HasNativeSidecars = facts.HasNativeSidecars(),
            IsImageProven = request.DryRun && request.Namespace == facts.SelfTestNamespace ? null : facts.IsImageProven,
            IsAsked = isAsked,
            Limits = limits.Of(request.Namespace),
        };
        var result = Injection.Inject(ObjectReview.ObjectOf(request), request.Namespace, settings.Config, options);
        report.Add(result);
        return result.Outcome switch
        {
            InjectionOutcome.Injected => AdmissionResponse.Patched(Serialize(result.Patch)).With(result.Notes),
            InjectionOutcome.Invalid => AdmissionResponse.Allowed().With(result.Errors.Select(e => $"no sidecar is injected: {e}")),
            InjectionOutcome.DoesNotFit or InjectionOutcome.ImageNotProven =>
                AdmissionResponse.Allowed().With($"no sidecar is injected: {result.Reason}"),
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
