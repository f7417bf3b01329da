using System.Collections.Immutable;

namespace Turnpike.Api;

/// <summary>
/// The names of an installation. There are two profiles: one with the names of 2017, for which commands and documents exist, and one that
/// shares no name with a real Istio and can be installed beside it. <see cref="Names"/> holds the names that both have in common.
/// </summary>
public sealed record Profile
{
    /// <summary>The environment variable that names the profile where a program's command line does not.</summary>
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

    /// <summary>The name of the profile, as it is written in settings.</summary>
    public required string Name { get; init; }

    /// <summary>The namespace of operator, ingress and settings. An installation may use another one than the profile's default.</summary>
    public required string SystemNamespace { get; init; }

    /// <summary>The namespace of the self-test, in which the operator creates an invalid rule and a marked pod by dry run.</summary>
    public required string SelfTestNamespace { get; init; }

    /// <summary>
    /// The base of the names of cluster-scoped objects. It differs by profile, because one cluster may hold those of both.
    /// </summary>
    public required string ClusterScopedName { get; init; }

    /// <summary>The name of the IngressClass, and the value of the class annotation.</summary>
    public required string IngressClass { get; init; }

    /// <summary>The name of Deployment, Service and ServiceAccount of the managed ingress.</summary>
    public required string IngressService { get; init; }

    /// <summary>The label of the pods of the managed ingress, which no other pod has.</summary>
    public required KeyValuePair<string, string> IngressLabel { get; init; }

    public required string IngressCertificatesSecret { get; init; }

    public required string MeshConfigMap { get; init; }

    public required string InjectConfigMap { get; init; }

    /// <summary>The ConfigMap with the certificate authority that proxies trust.</summary>
    public required string CaConfigMap { get; init; }

    public required string ProxyContainer { get; init; }

    public required string ProxyConfigVolume { get; init; }

    public required string ProxyConfigDirectory { get; init; }

    public required string ProxyTokenVolume { get; init; }

    /// <summary>The prefix of the annotations on pods.</summary>
    public required string SidecarPrefix { get; init; }

    /// <summary>The annotations and labels of a pod that request or forbid a sidecar. The first one that is present decides.</summary>
    public required ImmutableArray<string> InjectMarks { get; init; }

    /// <summary>Whether pods are injected when neither they nor the settings say anything about it.</summary>
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

    /// <summary>The host name by which pods of every namespace reach the operator.</summary>
    public string OperatorHost => $"{Names.OperatorDeployment}.{SystemNamespace}.svc";

    /// <summary>Returns the profile of that name, or null if there is none.</summary>
    public static Profile? Find(string name) => All.FirstOrDefault(profile => profile.Name == name);

    /// <summary>Returns the profile in another namespace. Null and the empty string leave its namespace unchanged.</summary>
    public Profile In(string? systemNamespace) =>
        string.IsNullOrEmpty(systemNamespace) ? this : this with { SystemNamespace = systemNamespace };
}
