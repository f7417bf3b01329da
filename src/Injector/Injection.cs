using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Injector.Config;
using Turnpike.Injector.Patch;
using Turnpike.Reading;

namespace Turnpike.Injector;

/// <summary>The facts that the caller knows and that the configuration does not hold.</summary>
public sealed record InjectOptions
{
    /// <summary>Whether the cluster supports native sidecars (Kubernetes 1.29 and newer).</summary>
    public bool HasNativeSidecars { get; init; }

    /// <summary>
    /// Whether to inject every kind that creates pods, whatever <see cref="InjectConfig.Scope"/> says, because the user passes the object.
    /// </summary>
    public bool AnyKind { get; init; }

    /// <summary>
    /// Returns whether a proxy of that image has ever been ready in the cluster; null if that does not matter. A pod whose sidecar cannot
    /// be pulled
    /// or does not start never becomes ready, so that one bad image could stop every pod.
    /// </summary>
    public Func<string, bool>? IsImageProven { get; init; }

    /// <summary>
    /// Whether the pod's namespace, or the user of the command line, requests a sidecar. The pod itself may still decline.
    /// </summary>
    public bool IsAsked { get; init; }

    /// <summary>The limits of the namespace; none if there is no cluster to ask.</summary>
    public ResourceConstraints Limits { get; init; } = ResourceConstraints.None;
}

public enum InjectionOutcome
{
    /// <summary>The patch injects the sidecar.</summary>
    Injected,

    /// <summary>The object creates pods but stays unchanged; the reason says why.</summary>
    NotInjected,

    /// <summary>The object creates no pods.</summary>
    NotAWorkload,

    /// <summary>The object would be injected but is invalid; the errors say where.</summary>
    Invalid,

    /// <summary>The object would be injected, but no proxy of the image has been ready yet; the reason names the image.</summary>
    ImageNotProven,

    /// <summary>The object would be injected, but its namespace has no room for a sidecar; the reason says why.</summary>
    DoesNotFit,
}

/// <param name="Outcome">The decision.</param>
/// <param name="Reason">The reason for it, in one phrase.</param>
/// <param name="Patch">The operations, all of them <c>add</c>; empty unless the object is injected.</param>
/// <param name="Errors">All errors; empty unless the object is invalid.</param>
public sealed record InjectionResult(
    InjectionOutcome Outcome, string Reason, IReadOnlyList<PatchOperation> Patch, IReadOnlyList<FieldError> Errors)
{
    /// <summary>A sentence for each change of the sidecar that makes it fit the limits of its namespace.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>Injects the sidecar into raw JSON. Injecting an object again changes nothing.</summary>
public static class Injection
{
    /// <summary>
    /// Decides whether to inject an object, and makes the patch. It accepts any JSON and does not throw, whatever the JSON holds.
    /// </summary>
    /// <param name="workload">A Pod or an object with a pod template.</param>
    /// <param name="requestNamespace">The namespace in which the object is created, which its metadata may not name.</param>
    /// <param name="config">The settings of the injection.</param>
    /// <param name="options">The facts that the settings do not hold.</param>
    public static InjectionResult Inject(JsonObject workload, string requestNamespace, InjectConfig config, InjectOptions options)
    {
        ArgumentNullException.ThrowIfNull(workload);
        ArgumentNullException.ThrowIfNull(requestNamespace);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(options);
        if (!Json.IsReadable(workload))
            return Invalid([FieldError.Invalid("", null, "must be readable JSON: no duplicate key, valid Unicode, not nested too deeply")]);
        if (Workload.Of(workload) is not { } target)
        {
            var kind = Json.Show(Json.Member(workload, "kind"));
            return new InjectionResult(InjectionOutcome.NotAWorkload, $"kind {kind} creates no pods", [], []);
        }
        var verdict = new InjectionDecision(target, requestNamespace, config, options).Decide();
        if (!verdict.IsYes)
            return new InjectionResult(InjectionOutcome.NotInjected, verdict.Reason, [], []);
        var faults = target.Faults().ToList();
        var standard = SidecarSettings.Of(config, options);
        var annotations = Json.Member(target.PodMetadata, "annotations");
        var settings = standard.Override(annotations, target.PodField("metadata", "annotations"), faults);
        if (faults.Count > 0)
            return Invalid(faults);
        if (!target.HasContainer(config.Profile.ProxyContainer) && options.IsImageProven?.Invoke(settings.Image) is false)
            return new InjectionResult(InjectionOutcome.ImageNotProven, NotProven(settings.Image), [], []);
        var fit = SidecarFit.Of(settings.Resources, target.PodSpec, options.Limits, countsQuota: target.IsPod);
        if (fit.Obstacle is { } obstacle)
            return new InjectionResult(InjectionOutcome.DoesNotFit, obstacle, [], []);
        var patch = Patch(target, settings with { Resources = fit.Resources }, SidecarTemplate.Version(standard));
        return new InjectionResult(InjectionOutcome.Injected, verdict.Reason, patch, []) { Notes = fit.Notes };
    }

    /// <summary>Returns the reason why a pod is not injected with that image, for its creator and for the log.</summary>
    public static string NotProven(string image) =>
        $"ImageNotProven: no proxy of image {image} has been ready in this cluster yet; pods get it once one has, such as the managed ingress";

    private static InjectionResult Invalid(IReadOnlyList<FieldError> faults) =>
        new(InjectionOutcome.Invalid, "the object is not valid", [], faults);

    /// <summary>Adds what is missing, because parts of an earlier injection may have been lost.</summary>
    private static IReadOnlyList<PatchOperation> Patch(Workload target, SidecarSettings settings, string version)
    {
        var profile = settings.Config.Profile;
        var patch = new PatchBuilder(target.Root);
        var hasProxy = target.HasContainer(profile.ProxyContainer);
        if (!hasProxy)
        {
            var proxy = SidecarTemplate.Container(settings, target.PodLabel("app"));
            patch.AddItems(target.PodPath("spec", settings.IsNative ? "initContainers" : "containers"), [proxy], first: settings.IsNative);
        }
        var isNative = hasProxy ? target.Names("initContainers").Contains(profile.ProxyContainer) : settings.IsNative;
        var present = target.Names("volumes").ToHashSet(StringComparer.Ordinal);
        var missing = SidecarTemplate.Volumes(profile).Where(volume => !present.Contains(Json.Text(volume["name"])!));
        patch.AddItems(target.PodPath("spec", "volumes"), [.. missing]);
        string[] proxyName = [profile.ProxyContainer];
        var status = new InjectionStatus(version, isNative ? proxyName : [], isNative ? [] : proxyName, SidecarTemplate.VolumeNames(profile));
        Annotate(patch, target, profile, status.ToJson());
        return patch.Operations;
    }

    private static void Annotate(PatchBuilder patch, Workload target, Profile profile, string status)
    {
        var annotations = new List<KeyValuePair<string, string>> { new(profile.InjectStatusAnnotation, status) };
        if (!target.IsPod)
            patch.AddMembers("/metadata/annotations", annotations);
        var hasDefault = Json.At(target.PodMetadata, ["annotations", Names.DefaultContainerAnnotation]) is not null;
        var user = target.Names("containers").FirstOrDefault(name => name != profile.ProxyContainer);
        if (!hasDefault && user is not null)
            annotations.Insert(0, new(Names.DefaultContainerAnnotation, user));
        patch.AddMembers(target.PodPath("metadata", "annotations"), annotations);
    }
}
