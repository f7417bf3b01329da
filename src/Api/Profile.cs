using System.Collections.Immutable;

namespace Turnpike.Api;

/// <summary>
/// The names of one kind of installation. There are two: that of 2017, whose commands and documents people have, and one that shares no
/// name with a real Istio and can stand beside it. What both have in common is in <see cref="Names"/>.
/// </summary>
public sealed record Profile
{
    /// <summary>The environment variable that every program takes its profile from where its command line names none.</summary>
    public const string Variable = "TURNPIKE_PROFILE";

    private const string OurPrefix = "sidecar.turnpike.io/";

    public static Profile Istio2017 { get; } = new()
    {
        Name = "istio-2017",
        SystemNamespace = "istio-system",
        SelfTestNamespace = "turnpike-self-test",
        ClusterScopedName = "turnpike",
        IngressClass = "istio",
        IngressService = "istio-ingress",
        IngressLabel = new("istio", "ingress"),
        IngressCertificatesSecret = "istio-ingress-certs",
        MeshConfigMap = "istio",
        InjectConfigMap = "istio-inject",
        CaConfigMap = "istio-ca-root",
        ProxyContainer = "istio-proxy",
        ProxyConfigVolume = "istio-envoy",
        ProxyConfigDirectory = "/etc/istio/proxy",
        ProxyTokenVolume = "istio-token",
        SidecarPrefix = "sidecar.istio.io/",
        InjectMarks = ["sidecar.istio.io/inject"],
        InjectsByDefault = true,
    };

    public static Profile Standalone { get; } = new()
    {
        Name = "standalone",
        SystemNamespace = "turnpike-system",
        SelfTestNamespace = "turnpike-standalone-self-test",
        ClusterScopedName = "turnpike-standalone",
        IngressClass = "turnpike",
        IngressService = "turnpike-ingress",
        IngressLabel = new("app.kubernetes.io/name", "turnpike-ingress"),
        IngressCertificatesSecret = "turnpike-ingress-certs",
        MeshConfigMap = "turnpike",
        InjectConfigMap = "turnpike-inject",
        CaConfigMap = "turnpike-ca-root",
        ProxyContainer = "turnpike-proxy",
        ProxyConfigVolume = "turnpike-config",
        ProxyConfigDirectory = "/etc/turnpike/proxy",
        ProxyTokenVolume = "turnpike-token",
        SidecarPrefix = OurPrefix,
        InjectMarks = [OurPrefix + "inject", Names.InjectLabel],
        InjectsByDefault = false,
    };

    public static ImmutableArray<Profile> All { get; } = [Istio2017, Standalone];

    /// <summary>As the setting has it.</summary>
    public required string Name { get; init; }

    /// <summary>Of operator, ingress and settings. An installation may have been moved to another one than the profile's own.</summary>
    public required string SystemNamespace { get; init; }

    /// <summary>Where the operator sends a bad rule and a marked pod by dry run.</summary>
    public required string SelfTestNamespace { get; init; }

    /// <summary>What the names of objects without a namespace are made of: one cluster may hold those of both profiles.</summary>
    public required string ClusterScopedName { get; init; }

    /// <summary>The IngressClass, and the value of the class annotation.</summary>
    public required string IngressClass { get; init; }

    /// <summary>The managed ingress: Deployment, Service, ServiceAccount.</summary>
    public required string IngressService { get; init; }

    /// <summary>On the pods of the managed ingress, and on no others.</summary>
    public required KeyValuePair<string, string> IngressLabel { get; init; }

    public required string IngressCertificatesSecret { get; init; }

    public required string MeshConfigMap { get; init; }

    public required string InjectConfigMap { get; init; }

    /// <summary>The authority that proxies trust.</summary>
    public required string CaConfigMap { get; init; }

    public required string ProxyContainer { get; init; }

    public required string ProxyConfigVolume { get; init; }

    public required string ProxyConfigDirectory { get; init; }

    public required string ProxyTokenVolume { get; init; }

    /// <summary>Of the annotations on pods.</summary>
    public required string SidecarPrefix { get; init; }

    /// <summary>Annotations and labels of a pod that ask for a sidecar or forbid it; the first that is there decides.</summary>
    public required ImmutableArray<string> InjectMarks { get; init; }

    /// <summary>Whether pods that say nothing are injected where the settings say nothing either.</summary>
    public required bool InjectsByDefault { get; init; }

    public string WebhookConfiguration => ClusterScopedName;

    public string ClusterRole => ClusterScopedName + "-operator";

    public string InjectAnnotation => SidecarPrefix + "inject";

    public string InjectStatusAnnotation => SidecarPrefix + "status";

    public string ProxyImageAnnotation => SidecarPrefix + "proxyImage";

    public string ProxyCpuAnnotation => SidecarPrefix + "proxyCPU";

    public string ProxyMemoryAnnotation => SidecarPrefix + "proxyMemory";

    public string ProxyCpuLimitAnnotation => SidecarPrefix + "proxyCPULimit";

    public string ProxyMemoryLimitAnnotation => SidecarPrefix + "proxyMemoryLimit";

    /// <summary>The host by which pods of every namespace reach the operator.</summary>
    public string OperatorHost => $"{Names.OperatorDeployment}.{SystemNamespace}.svc";

    /// <summary>Null where there is no profile of that name.</summary>
    public static Profile? Find(string name) => All.FirstOrDefault(profile => profile.Name == name);

    /// <summary>The same installation in another namespace than the profile's own; null and the empty text leave it where it is.</summary>
    public Profile In(string? systemNamespace) => string.IsNullOrEmpty(systemNamespace) ? this : this with { SystemNamespace = systemNamespace };
}
