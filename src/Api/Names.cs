using System.Collections.Immutable;

namespace Turnpike.Api;

/// <summary>Every name that Turnpike shares with its users: groups, annotations, labels, objects. No other file spells one out.</summary>
public static class Names
{
    // Kept from 2017.
    public const string Group = "config.istio.io";
    public const string Version = "v1alpha2";
    public const string GroupVersion = Group + "/" + Version;
    public const string SystemNamespace = "istio-system";
    public const string IngressClass = "istio";
    public const string IngressClassAnnotation = "kubernetes.io/ingress.class";
    public const string IngressController = "turnpike.io/ingress-controller";
    public const string IngressService = "istio-ingress";
    public const string IngressLabel = "istio";
    public const string IngressLabelValue = "ingress";
    public const string IngressCertificatesSecret = "istio-ingress-certs";
    public const string MeshConfigMap = "istio";
    public const string MeshConfigKey = "mesh";
    public const string InjectConfigMap = "istio-inject";
    public const string InjectConfigKey = "config";
    public const string InjectAnnotation = "sidecar.istio.io/inject";
    public const string InjectStatusAnnotation = "sidecar.istio.io/status";
    public const string ProxyContainer = "istio-proxy";
    public const string InitContainer = "istio-init";
    public const string ProxyImageAnnotation = "sidecar.istio.io/proxyImage";
    public const string ProxyCpuAnnotation = "sidecar.istio.io/proxyCPU";
    public const string ProxyMemoryAnnotation = "sidecar.istio.io/proxyMemory";
    public const string ProxyCpuLimitAnnotation = "sidecar.istio.io/proxyCPULimit";
    public const string ProxyMemoryLimitAnnotation = "sidecar.istio.io/proxyMemoryLimit";
    public const string ProxyConfigVolume = "istio-envoy";
    public const string ProxyTokenVolume = "istio-token";
    public const string CaConfigMap = "istio-ca-root";

    // Ours. A token is good for one purpose: each kind of caller of the control plane has an audience of its own.
    public const string IngressAudience = "turnpike-ingress";
    public const string SidecarAudience = "turnpike-sidecar";
    public const string OperatorAudience = "turnpike-operator";
    public const string HttpAnnotation = "turnpike.io/http";
    public const string LoadBalancingAnnotation = "turnpike.io/load-balancing";
    public const string RoundRobin = "round-robin";
    public const string RandomChoice = "random";
    public const string LeastRequest = "least-request";
    public const string AllowRulesFromAnnotation = "turnpike.io/allow-rules-from";
    public const string ShareHostWithAnnotation = "turnpike.io/share-host-with";

    /// <summary>On the ConfigMaps of the system namespace that say which hosts a namespace has; its value is that namespace.</summary>
    public const string HostRecordLabel = "turnpike.io/hosts-of";
    public const string HostRecordPrefix = "turnpike-hosts.";
    public const string HostRecordHostsKey = "hosts";
    public const string HostRecordPathsKey = "paths";
    public const string OperatorDeployment = "turnpike-operator";
    public const string StatusConfigMap = "turnpike-status";
    public const string StatusProxiesKey = "proxies";
    public const string WebhookConfiguration = "turnpike";
    public const string FieldManagerOfCli = "turnpike-cli";

    // Kubernetes'.
    public const string IngressClassDefaultAnnotation = "ingressclass.kubernetes.io/is-default-class";
    public const string EndpointSliceServiceLabel = "kubernetes.io/service-name";
    public const string VersionLabel = "app.kubernetes.io/version";
    public const string DefaultContainerAnnotation = "kubectl.kubernetes.io/default-container";
    public const string MirrorPodAnnotation = "kubernetes.io/config.mirror";
    public const string OsLabel = "kubernetes.io/os";
    public const string OldOsLabel = "beta.kubernetes.io/os";

    /// <summary>The annotations of an Ingress that say what happens to its requests: admission looks at an Ingress again when one of them changes.</summary>
    public static ImmutableArray<string> IngressAnnotations { get; } =
        [HttpAnnotation, ShareHostWithAnnotation];

    /// <summary>What <see cref="LoadBalancingAnnotation"/> may say.</summary>
    public static ImmutableArray<string> LoadBalancingPolicies { get; } = [RoundRobin, RandomChoice, LeastRequest];
}
