using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Compiler;
using Turnpike.Hosting.Admission;
using Turnpike.Reading;
using Turnpike.Webhooks.Entities;

namespace Turnpike.Webhooks;

/// <summary>What the validating webhooks share: which updates always pass, and the form of messages.</summary>
internal static class ObjectReview
{
    // The code is not 422, because kubectl then shows "The request is invalid" and none of the faults.
    public const int RefusalCode = 400;

    /// <summary>
    /// Returns whether an update always passes: a change of an object that is being deleted, such as the removal of finalizers, or one that
    /// leaves the spec as it is. An object that was stored before a check existed must not get stuck.
    /// </summary>
    /// <param name="old">The object before the update.</param>
    /// <param name="now">The object after the update.</param>
    /// <param name="annotations">Annotations that count like the spec.</param>
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

    /// <summary>Returns the object for a reader, with the namespace of the request if its own metadata has none.</summary>
    public static JsonObject ObjectOf(AdmissionRequest request)
    {
        var raw = JsonObject.Create(request.Object!.Value)!;
        if (raw["metadata"] is JsonObject metadata && request.Namespace.Length > 0 && !metadata.ContainsKey("namespace"))
            metadata["namespace"] = request.Namespace;
        return raw;
    }

    /// <summary>Returns all faults in one message, in the form of the API server's own messages.</summary>
    public static string Refusal(string kind, RawEntity entity, IReadOnlyList<FieldError> errors)
    {
        var name = entity.Metadata.Name ?? "";
        var faults = errors.Count == 1 ? errors[0].ToString() : "[" + string.Join(", ", errors) + "]";
        return $"{kind} \"{(name.Length > 0 ? name : "(generated name)")}\" is invalid: {faults}";
    }

    /// <summary>
    /// Returns the compiler's diagnostics of the object in the current cluster, as warnings to the user who applies it. A Secret that is
    /// not read yet is no warning, because the operator reads it only when the object exists.
    /// </summary>
    public static IEnumerable<string> Warnings(ClusterSnapshot candidate, ObjectKey subject) =>
        RouteCompiler.Diagnose(candidate, subject)
            .Where(d => d.Reason != DiagnosticReasons.SecretNotRead)
            .Select(d => d.Message);

    public static ImmutableArray<T> With<T>(ImmutableArray<T> all, T candidate, Func<T, ObjectMeta> metadata)
    {
        var key = metadata(candidate).ToString();
        return [.. all.Where(o => metadata(o).ToString() != key), candidate];
    }

    private static bool SameJson(JsonElement? left, JsonElement? right) =>
        left is null || right is null ? left is null && right is null : JsonElement.DeepEquals(left.Value, right.Value);
}
