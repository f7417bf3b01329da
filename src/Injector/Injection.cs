using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Injector.Config;
using Turnpike.Injector.Patch;
using Turnpike.Reading;

namespace Turnpike.Injector;

/// <summary>What the caller knows and the configuration does not.</summary>
public sealed record InjectOptions
{
    /// <summary>Whether the cluster runs native sidecars (Kubernetes 1.29 and newer).</summary>
    public bool HasNativeSidecars { get; init; }

    /// <summary>Injects every kind that makes pods, whatever <see cref="InjectConfig.Scope"/> says: the user hands us the object.</summary>
    public bool AnyKind { get; init; }

    /// <summary>
    /// Whether a proxy of that image has been ready where the object is going to run; null where that is not asked. A pod whose sidecar
    /// cannot be pulled or does not start never becomes ready, so one image may stop all of them.
    /// </summary>
    public Func<string, bool>? IsImageProven { get; init; }

    /// <summary>Whether the pod's namespace, or whoever has the object injected by hand, asks for a sidecar. The pod itself may still decline.</summary>
    public bool IsAsked { get; init; }

    /// <summary>What the namespace allows; without a cluster nothing is known of that.</summary>
    public ResourceConstraints Limits { get; init; } = ResourceConstraints.None;
}

public enum InjectionOutcome
{
    /// <summary>The patch injects.</summary>
    Injected,

    /// <summary>The object makes pods but is left as it is; the reason says why.</summary>
    NotInjected,

    /// <summary>The object makes no pods.</summary>
    NotAWorkload,

    /// <summary>The object would be injected but is wrong; the errors say where.</summary>
    Invalid,

    /// <summary>The object would be injected, but nobody has seen the proxy's image run yet; the reason says which.</summary>
    ImageNotProven,

    /// <summary>The object would be injected, but its namespace has no room for a sidecar; the reason says why.</summary>
    DoesNotFit,
}

/// <param name="Outcome">What was decided.</param>
/// <param name="Reason">Why, in one phrase.</param>
/// <param name="Patch">Operations, all of them <c>add</c>; empty unless injected.</param>
/// <param name="Errors">All faults; empty unless invalid.</param>
public sealed record InjectionResult(
    InjectionOutcome Outcome, string Reason, IReadOnlyList<PatchOperation> Patch, IReadOnlyList<FieldError> Errors)
{
    /// <summary>How the sidecar was changed to fit what its namespace allows, one sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>Injects the sidecar into raw JSON. Injected twice is injected once.</summary>
public static class Injection
{
    /// <summary>Decides about an object and makes the patch. Takes any JSON and never throws for what is in it.</summary>
    /// <param name="workload">A Pod or an object with a pod template.</param>
    /// <param name="requestNamespace">Where the object is created; its own metadata may not say.</param>
    public static InjectionResult Inject(JsonObject workload, string requestNamespace, InjectConfig config, InjectOptions options)
    {
        ArgumentNullException.ThrowIfNull(workload);
        ArgumentNullException.ThrowIfNull(requestNamespace);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(options);
        if (!Json.IsReadable(workload))
            return Invalid([FieldError.Invalid("", null, "must be readable JSON: no key twice, all text valid Unicode, not too deep")]);
        if (Workload.Of(workload) is not { } target)
        {
            var kind = Json.Show(Json.Member(workload, "kind"));
            return new InjectionResult(InjectionOutcome.NotAWorkload, $"kind {kind} makes no pods", [], []);
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

    /// <summary>Why a pod of that image waits, for its creator and for the log.</summary>
    public static string NotProven(string image) =>
        $"ImageNotProven: no proxy of image {image} has been ready in this cluster yet; pods get it once one has, such as the managed ingress";

    private static InjectionResult Invalid(IReadOnlyList<FieldError> faults) =>
        new(InjectionOutcome.Invalid, "the object is not valid", [], faults);

    /// <summary>Adds what is missing: an earlier injection may have been lost in part.</summary>
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
