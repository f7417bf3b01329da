using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Compiler;
using Turnpike.Hosting.Admission;
using Turnpike.Hosting.Api;
using ObjectKey = Turnpike.Api.ObjectKey;

namespace Turnpike.Webhooks;

/// <summary>What all validating webhooks share: what is never refused, and how faults are told.</summary>
internal static class ObjectReview
{
    /// <summary>
    /// Deleting, removing finalizers from what is being deleted, and updates that leave the spec as it is always pass: an object
    /// that got in before a rule was there must not be stuck.
    /// </summary>
    public static bool AlwaysPasses(AdmissionRequest request, params ReadOnlySpan<string> annotations)
    {
        if (request.Operation is not (AdmissionOperation.Create or AdmissionOperation.Update) || request.Object is not { } now)
            return true;
        if (now.Child("metadata")?.Text("deletionTimestamp") is not null)
            return true;
        if (request.OldObject is not { } old || !SameJson(now.Child("spec"), old.Child("spec")))
            return false;
        foreach (var annotation in annotations)
        {
            if (Annotation(now, annotation) != Annotation(old, annotation))
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
    public static AdmissionResponse Refuse(string kind, AdmissionRequest request, IReadOnlyList<FieldError> errors)
    {
        var name = request.Name.Length > 0 ? request.Name : "(generated name)";
        var faults = errors.Count == 1 ? errors[0].ToString() : "[" + string.Join(", ", errors) + "]";
        return AdmissionResponse.Denied($"{kind} \"{name}\" is invalid: {faults}", 422, "Invalid");
    }

    /// <summary>What the compiler says of the object in the cluster as it is, for the person who applies it.</summary>
    public static IEnumerable<string> Warnings(ClusterSnapshot candidate, ObjectKey subject) =>
        RouteCompiler.Compile(candidate).Diagnostics.Where(d => d.Subject == subject).Select(d => d.Message);

    public static ImmutableArray<T> With<T>(ImmutableArray<T> all, T candidate, Func<T, ObjectMeta> metadata)
    {
        var key = metadata(candidate).ToString();
        return [.. all.Where(o => metadata(o).ToString() != key), candidate];
    }

    private static bool SameJson(JsonElement? left, JsonElement? right) =>
        left is null || right is null ? left is null && right is null : JsonElement.DeepEquals(left.Value, right.Value);

    private static string? Annotation(JsonElement json, string name) => json.Child("metadata")?.Child("annotations")?.Text(name);
}
