using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Injector.Config;

namespace Turnpike.Injector;

/// <summary>The decision whether to inject, with its reason.</summary>
internal sealed record Verdict(bool IsYes, string Reason);

/// <summary>Decides whether a workload's pods get the sidecar. The first check with an objection decides against it.</summary>
internal sealed class InjectionDecision(Workload workload, string ns, InjectConfig config, InjectOptions options)
{
    private readonly Profile _profile = config.Profile;
    private readonly InjectionStatus? _status = InjectionStatus.Of(workload, config.Profile);

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
        (false, InjectionScope.Workload, true) => "scope is workload: pods are not injected",
        _ => null,
    };

    private string? SystemNamespace() =>
        Names.KubernetesNamespaces.Contains(ns) || ns == _profile.SystemNamespace ? $"namespace {ns} is never injected" : null;

    private string? ExcludedNamespace() =>
        config.ExcludeNamespaces.Contains(ns) ? $"namespace {Json.Plain(ns)} is in excludeNamespaces" : null;

    private string? NotIncludedNamespace() =>
        config.Namespaces.Contains("") || config.Namespaces.Contains(ns) ? null : $"namespace {Json.Plain(ns)} is not in namespaces";

    private string? MirrorPod() =>
        Json.At(workload.PodMetadata, ["annotations", Names.MirrorPodAnnotation]) is null
            ? null
            : "the pod is the mirror of a static pod";

    /// <summary>
    /// Decides by the user's annotation (on the object, then on the template) or label, then by the selectors, then by the policy.
    /// </summary>
    private Verdict Wanted()
    {
        if (Asked() is { } asked)
            return asked;
        if (config.NeverInject.Any(selector => selector.Matches(workload.PodLabel)))
            return new Verdict(false, "neverInjectSelector matches the pod's labels");
        if (config.AlwaysInject.Any(selector => selector.Matches(workload.PodLabel)))
            return new Verdict(true, "alwaysInjectSelector matches the pod's labels");
        if (options.IsAsked)
            return new Verdict(true, "its namespace requests it");
        if (config.InjectsByDefault)
            return new Verdict(true, "policy is enabled");
        var namespaces = config.Profile.InjectsByDefault ? "" : ", and no namespace,";
        return new Verdict(false, $"policy is disabled and no annotation {_profile.InjectAnnotation}{namespaces} requests it");
    }

    private Verdict? Asked() =>
        Asked("annotation", workload.Metadata, "annotations")
        ?? Asked("annotation", workload.PodMetadata, "annotations")
        ?? Asked("label", workload.PodMetadata, "labels");

    private Verdict? Asked(string place, JsonNode? metadata, string map)
    {
        foreach (var mark in _profile.InjectMarks)
        {
            if (Json.At(metadata, [map, mark]) is not { } value)
                continue;
            var text = Json.Text(value) ?? value.ToJsonString();
            var isYes = text.ToLowerInvariant() is "y" or "yes" or "true" or "on";
            return new Verdict(isYes, $"{place} {mark} is {Json.Show(text)}");
        }
        return null;
    }

    private string? AlreadyInjected() => _status?.IsWhole(workload) is true ? "already injected" : null;

    private string? HostNetwork() =>
        Json.IsTrue(Json.Member(workload.PodSpec, "hostNetwork")) ? "the pod uses the host network" : null;

    private string? Windows()
    {
        string[][] places = [["os", "name"], ["nodeSelector", Names.OsLabel], ["nodeSelector", Names.OldOsLabel]];
        return places.Any(place => Json.Text(Json.At(workload.PodSpec, place)) == "windows") ? "the pod runs on Windows" : null;
    }

    private string? ForeignContainer() =>
        IsForeign(_profile.ProxyContainer, "containers", _status?.Containers)
        || IsForeign(_profile.ProxyContainer, "initContainers", _status?.InitContainers)
            ? $"the pod has a container {_profile.ProxyContainer} that was not injected"
            : null;

    private string? ForeignVolume() =>
        SidecarTemplate.VolumeNames(_profile).FirstOrDefault(name => IsForeign(name, "volumes", _status?.Volumes)) is { } volume
            ? $"the pod has a volume {volume} that was not injected"
            : null;

    /// <summary>Returns true when the pod has an entry of our name that no injection recorded.</summary>
    private bool IsForeign(string name, string list, IReadOnlyList<string>? recorded) =>
        workload.Names(list).Contains(name) && recorded?.Contains(name) is not true;
}
