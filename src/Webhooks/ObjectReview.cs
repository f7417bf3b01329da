using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Compiler;
using Turnpike.Hosting.Admission;
using Turnpike.Reading;
using Turnpike.Webhooks.Entities;

namespace Turnpike.Webhooks;

/// <summary>What all validating webhooks share: what is never refused, and how faults are told.</summary>
internal static class ObjectReview
{
    // Not 422: of that kubectl shows "The request is invalid" and none of the faults.
    public const int RefusalCode = 400;

    /// <summary>
    /// Removing finalizers from what is being deleted, and updates that leave the spec as it is, always pass: an object that got in before a rule was
    /// there must not be stuck.
    /// </summary>
    /// <param name="old">The object as it is.</param>
    /// <param name="now">The object as it would be.</param>
    /// <param name="annotations">Those that count like the spec.</param>
    public static bool AlwaysPasses(RawEntity old, RawEntity now, params ReadOnlySpan<string> annotations)
    {
        if (now.Metadata.DeletionTimestamp is not null)
            return true;
        if (!SameJson(now.Spec, old.Spec))
            return false;
        foreach (var annotation in annotations)
        {
            if (now.Annotation(annotation) != old.Annotation(annotation))
                return false;
        }
        return true;
    }

    /// <summary>The object as readers take it, with the namespace of the request where its own metadata has none.</summary>
    public static JsonObject ObjectOf(AdmissionRequest request)
    {
        var raw = JsonObject.Create(request.Object!.Value)!;
        if (raw["metadata"] is JsonObject metadata && request.Namespace.Length > 0 && !metadata.ContainsKey("namespace"))
            metadata["namespace"] = request.Namespace;
        return raw;
    }

    /// <summary>All faults in one message, in the API server's own manner.</summary>
    public static string Refusal(string kind, RawEntity entity, IReadOnlyList<FieldError> errors)
    {
        var name = entity.Metadata.Name ?? "";
        var faults = errors.Count == 1 ? errors[0].ToString() : "[" + string.Join(", ", errors) + "]";
        return $"{kind} \"{(name.Length > 0 ? name : "(generated name)")}\" is invalid: {faults}";
    }

    /// <summary>What the compiler says of the object in the cluster as it is, for the person who applies it; not what only waits for this object to be there.</summary>
    public static IEnumerable<string> Warnings(ClusterSnapshot candidate, ObjectKey subject) =>
        RouteCompiler.Diagnose(candidate).Diagnostics.Where(d => d.Subject == subject && d.Reason != DiagnosticReasons.SecretNotRead).Select(d => d.Message);

    public static ImmutableArray<T> With<T>(ImmutableArray<T> all, T candidate, Func<T, ObjectMeta> metadata)
    {
        var key = metadata(candidate).ToString();
        return [.. all.Where(o => metadata(o).ToString() != key), candidate];
    }

    private static bool SameJson(JsonElement? left, JsonElement? right) =>
        left is null || right is null ? left is null && right is null : JsonElement.DeepEquals(left.Value, right.Value);
}
