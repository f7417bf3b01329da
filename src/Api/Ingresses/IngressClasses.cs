using Turnpike.Api.Core;
using Turnpike.Api.Mesh;
using Turnpike.Reading;

namespace Turnpike.Api.Ingresses;

/// <summary>Decides whether Turnpike serves an Ingress: by the annotation (istio-2017.md §5.3) and by IngressClass objects.</summary>
public static class IngressClasses
{
    public static bool IsOurs(IngressObject ingress, MeshConfig mesh, IEnumerable<IngressClassObject> classes) =>
        Decide(ingress, mesh, classes).IsOurs;

    /// <summary>Decides whether the Ingress is served, and gives the reason.</summary>
    public static IngressClassDecision Decide(IngressObject ingress, MeshConfig mesh, IEnumerable<IngressClassObject> classes)
    {
        if (mesh.IngressControllerMode == IngressControllerMode.Off)
            return new(false, "ingressControllerMode is OFF");
        // As in Kubernetes, the annotation decides where it is present: objects of 2017 have nothing else.
        if (ingress.Metadata.Annotations.TryGetValue(Names.IngressClassAnnotation, out var annotation))
        {
            return annotation == mesh.IngressClass && Foreign(mesh, classes) is { } foreign
                ? new(false, $"IngressClass {JsonText.Quote(annotation)} belongs to the controller {foreign.Controller}")
                : annotation == mesh.IngressClass
                ? new(true, $"annotation {Names.IngressClassAnnotation} is {JsonText.Quote(annotation)}")
                : new(false, $"annotation {Names.IngressClassAnnotation} is {JsonText.Quote(annotation)}, not \"{mesh.IngressClass}\"");
        }
        return ingress.ClassName is { } name ? ByName(name, mesh, classes) : ByDefault(mesh, classes);
    }

    /// <summary>
    /// Returns the error by which the API server refuses a new Ingress that names its class in the annotation and in the field; null if it
    /// accepts
    /// it. The API server checks this on creation only: an Ingress that gets the second one later is valid.
    /// </summary>
    /// <param name="ingress">The Ingress.</param>
    /// <param name="warning">An error that only older API servers report; null if there is none.</param>
    public static FieldError? Clash(IngressObject ingress, out string? warning)
    {
        warning = null;
        if (ingress.ClassName is null || !ingress.Metadata.Annotations.TryGetValue(Names.IngressClassAnnotation, out var annotation))
            return null;
        var field = $"annotations.{Names.IngressClassAnnotation}";
        var error = FieldError.Invalid(field, JsonText.Quote(annotation), "can not be set when the class field is also set");
        if (annotation != ingress.ClassName)
            return error;
        warning = $"{error}; API servers from 1.27 on accept both if they are equal";
        return null;
    }

    /// <summary>
    /// Returns the IngressClass that has our name but belongs to another controller, or null. Its Ingresses, also those by annotation, are
    /// left to
    /// that controller, because two controllers would overwrite each other's status.
    /// </summary>
    public static IngressClassObject? Foreign(MeshConfig mesh, IEnumerable<IngressClassObject> classes) =>
        classes.FirstOrDefault(c => c.Metadata.Name == mesh.IngressClass && !IsOurs(c));

    private static IngressClassDecision ByName(string name, MeshConfig mesh, IEnumerable<IngressClassObject> classes)
    {
        if (classes.FirstOrDefault(c => c.Metadata.Name == name) is { } found)
        {
            return IsOurs(found)
                ? new(true, $"IngressClass \"{name}\" is ours")
                : new(false, $"IngressClass \"{name}\" belongs to the controller {found.Controller}");
        }
        // There may be no IngressClass objects: in old clusters and in directories of manifests.
        return name == mesh.IngressClass
            ? new(true, $"ingressClassName is \"{name}\"")
            : new(false, $"ingressClassName is {JsonText.Quote(name)}, not \"{mesh.IngressClass}\", and there is no IngressClass of that name");
    }

    private static IngressClassDecision ByDefault(MeshConfig mesh, IEnumerable<IngressClassObject> classes)
    {
        if (classes.FirstOrDefault(c => c.IsDefault && IsOurs(c)) is { } found)
            return new(true, $"it has no class, and IngressClass \"{found.Metadata.Name}\" is the default");
        if (mesh.IngressControllerMode == IngressControllerMode.Default)
            return new(true, "it has no class, and ingressControllerMode is DEFAULT");
        var remedy = $"add the annotation {Names.IngressClassAnnotation}: {mesh.IngressClass}";
        return new(false, "it has no class, and ingressControllerMode is STRICT; " + remedy);
    }

    private static bool IsOurs(IngressClassObject ingressClass) => ingressClass.Controller == Names.IngressController;
}

/// <param name="IsOurs">Whether the Ingress is served.</param>
/// <param name="Reason">The reason as one clause, for example <c>ingressClassName is "istio"</c>.</param>
public readonly record struct IngressClassDecision(bool IsOurs, string Reason);
