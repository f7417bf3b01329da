using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Injector.Config;

namespace Turnpike.Injector;

/// <summary>Whether to inject, and why.</summary>
internal sealed record Verdict(bool IsYes, string Reason);

/// <summary>Decides whether a workload's pods get the sidecar: the first check with something against it says no.</summary>
internal sealed class InjectionDecision(Workload workload, string ns, InjectConfig config, InjectOptions options)
{
    private static readonly string[] SystemNamespaces = ["kube-system", "kube-public", "kube-node-lease", Names.SystemNamespace];

    private readonly InjectionStatus? _status = InjectionStatus.Of(workload);

    public Verdict Decide()
    {
        var wanted = Wanted();
        string?[] objections =
        [
            OutOfScope(),
            SystemNamespace(),
            ExcludedNamespace(),
            NotIncludedNamespace(),
            MirrorPod(),
            wanted.IsYes ? null : wanted.Reason,
            AlreadyInjected(),
            HostNetwork(),
            Windows(),
            ForeignContainer(),
            ForeignVolume(),
        ];
        return objections.FirstOrDefault(objection => objection is not null) is { } reason ? new Verdict(false, reason) : wanted;
    }

    private string? OutOfScope() => (options.AnyKind, config.Scope, workload.IsPod) switch
    {
        (false, InjectionScope.Pod, false) => $"scope is pod: the pods of a {workload.Kind} are injected, not the {workload.Kind}",
        (false, InjectionScope.Workload, true) => "scope is workload: pods are left as they are",
        _ => null,
    };

    private string? SystemNamespace() => SystemNamespaces.Contains(ns) ? $"namespace {ns} is never injected" : null;

    private string? ExcludedNamespace() =>
        config.ExcludeNamespaces.Contains(ns) ? $"namespace {Json.Plain(ns)} is among excludeNamespaces" : null;

    private string? NotIncludedNamespace() =>
        config.Namespaces.Contains("") || config.Namespaces.Contains(ns) ? null : $"namespace {Json.Plain(ns)} is not among namespaces";

    private string? MirrorPod() =>
        Json.At(workload.PodMetadata, ["annotations", Names.MirrorPodAnnotation]) is null
            ? null
            : "the pod mirrors a static pod of its node";

    /// <summary>The user's word first (object, then template, then label), then the selectors, then the policy.</summary>
    private Verdict Wanted()
    {
        if (Asked() is { } asked)
            return asked;
        if (config.NeverInject.Any(selector => selector.Matches(workload.PodLabel)))
            return new Verdict(false, "neverInjectSelector matches the pod's labels");
        if (config.AlwaysInject.Any(selector => selector.Matches(workload.PodLabel)))
            return new Verdict(true, "alwaysInjectSelector matches the pod's labels");
        return config.InjectsByDefault
            ? new Verdict(true, "policy is enabled")
            : new Verdict(false, $"policy is disabled and no annotation {Names.InjectAnnotation} asks for it");
    }

    private Verdict? Asked()
    {
        string[] annotation = ["annotations", Names.InjectAnnotation];
        string[] label = ["labels", Names.InjectAnnotation];
        return Asked("annotation", Json.At(workload.Metadata, annotation))
            ?? Asked("annotation", Json.At(workload.PodMetadata, annotation))
            ?? Asked("label", Json.At(workload.PodMetadata, label));

        static Verdict? Asked(string place, JsonNode? value)
        {
            if (value is null)
                return null;
            var text = Json.Text(value) ?? value.ToJsonString();
            var isYes = text.ToLowerInvariant() is "y" or "yes" or "true" or "on";
            return new Verdict(isYes, $"{place} {Names.InjectAnnotation} is {Json.Show(text)}");
        }
    }

    private string? AlreadyInjected() => _status?.IsWhole(workload) is true ? "already injected" : null;

    private string? HostNetwork() => Json.IsTrue(Json.Member(workload.PodSpec, "hostNetwork")) ? "the pod uses the host network" : null;

    private string? Windows()
    {
        string[][] places = [["os", "name"], ["nodeSelector", Names.OsLabel], ["nodeSelector", Names.OldOsLabel]];
        return places.Any(place => Json.Text(Json.At(workload.PodSpec, place)) == "windows") ? "the pod runs on Windows" : null;
    }

    private string? ForeignContainer() =>
        IsForeign(Names.ProxyContainer, "containers", _status?.Containers)
        || IsForeign(Names.ProxyContainer, "initContainers", _status?.InitContainers)
            ? $"the pod has a container {Names.ProxyContainer} that was not injected"
            : null;

    private string? ForeignVolume() =>
        SidecarTemplate.VolumeNames.FirstOrDefault(name => IsForeign(name, "volumes", _status?.Volumes)) is { } volume
            ? $"the pod has a volume {volume} that was not injected"
            : null;

    /// <summary>Whether the pod has an entry of our name that no injection recorded.</summary>
    private bool IsForeign(string name, string list, IReadOnlyList<string>? recorded) =>
        workload.Names(list).Contains(name) && recorded?.Contains(name) is not true;
}
