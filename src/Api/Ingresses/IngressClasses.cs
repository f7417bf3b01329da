using Turnpike.Api.Core;
using Turnpike.Api.Mesh;
using Turnpike.Reading;

namespace Turnpike.Api.Ingresses;

/// <summary>Decides whether an Ingress is ours (istio-2017.md §5.3, and IngressClass objects beside it).</summary>
public static class IngressClasses
{
    public static bool IsOurs(IngressObject ingress, MeshConfig mesh, IEnumerable<IngressClassObject> classes) =>
        Decide(ingress, mesh, classes).IsOurs;

    /// <summary>The same with the reason, for people.</summary>
    public static IngressClassDecision Decide(IngressObject ingress, MeshConfig mesh, IEnumerable<IngressClassObject> classes)
    {
        if (mesh.IngressControllerMode == IngressControllerMode.Off)
            return new(false, "ingressControllerMode is OFF");
        // As Kubernetes has it, the annotation decides where it is present: objects of 2017 carry nothing else.
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
    /// What the API server says of a new Ingress that names its class in the annotation and in the field; null where it says nothing. It says so on
    /// creation only: an Ingress that got the second one later is as good as any.
    /// </summary>
    /// <param name="ingress">The Ingress.</param>
    /// <param name="warning">What only older servers refuse; null where there is nothing of that.</param>
    public static FieldError? Clash(IngressObject ingress, out string? warning)
    {
        warning = null;
        if (ingress.ClassName is null || !ingress.Metadata.Annotations.TryGetValue(Names.IngressClassAnnotation, out var annotation))
            return null;
        var error = FieldError.Invalid($"annotations.{Names.IngressClassAnnotation}", JsonText.Quote(annotation), "can not be set when the class field is also set");
        if (annotation != ingress.ClassName)
            return error;
        warning = $"{error}; API servers from 1.27 on let both stand where they are equal";
        return null;
    }

    /// <summary>
    /// The IngressClass of our name that is another controller's. Its Ingresses are left to that one, by annotation too: two controllers would fight
    /// over their status. Null where there is none.
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
        // Clusters before IngressClass objects, and directories without them.
        return name == mesh.IngressClass
            ? new(true, $"ingressClassName is \"{name}\"")
            : new(false, $"ingressClassName is {JsonText.Quote(name)}, not \"{mesh.IngressClass}\", and there is no such IngressClass of ours");
    }

    private static IngressClassDecision ByDefault(MeshConfig mesh, IEnumerable<IngressClassObject> classes)
    {
        if (classes.FirstOrDefault(c => c.IsDefault && IsOurs(c)) is { } found)
            return new(true, $"it names no class, and IngressClass \"{found.Metadata.Name}\" is the default");
        if (mesh.IngressControllerMode == IngressControllerMode.Default)
            return new(true, "it names no class, and ingressControllerMode is DEFAULT");
        var remedy = $"add the annotation {Names.IngressClassAnnotation}: {mesh.IngressClass}";
        return new(false, "it names no class, and ingressControllerMode is STRICT; " + remedy);
    }

    private static bool IsOurs(IngressClassObject ingressClass) => ingressClass.Controller == Names.IngressController;
}

/// <param name="Reason">One clause, for example <c>ingressClassName is "istio"</c>.</param>
public readonly record struct IngressClassDecision(bool IsOurs, string Reason);
