using System.Collections.Immutable;

namespace Turnpike.Api;

/// <summary>
/// Every name that Turnpike shares with its users and that is the same in every installation: groups, annotations, labels, objects. Those that
/// differ are in <see cref="Profile"/>. No other file spells one out.
/// </summary>
public static class Names
{
    // Kept from 2017.
    public const string Group = "config.istio.io";
    public const string Version = "v1alpha2";
    public const string GroupVersion = Group + "/" + Version;
    public const string IngressClassAnnotation = "kubernetes.io/ingress.class";
    public const string IngressController = "turnpike.io/ingress-controller";
    public const string MeshConfigKey = "mesh";
    public const string InjectConfigKey = "config";

    /// <summary>The domain of our own annotations and labels.</summary>
    public const string Domain = "turnpike.io";

    /// <summary>The component that Events of the operator name as their source.</summary>
    public const string EventSource = Domain + "/operator";

    // Ours. A token is good for one purpose: each kind of caller of the control plane has an audience of its own.
    public const string IngressAudience = "turnpike-ingress";
    public const string SidecarAudience = "turnpike-sidecar";
    public const string OperatorAudience = "turnpike-operator";

    /// <summary>On a namespace, and in the standalone profile on a pod: <c>true</c> asks for sidecars, <c>false</c> forbids them.</summary>
    public const string InjectLabel = "turnpike.io/inject";

    /// <summary>On the operator's Deployment: the profile that it was installed with.</summary>
    public const string ProfileLabel = "turnpike.io/profile";
    public const string HttpAnnotation = "turnpike.io/http";
    public const string BackendProtocolAnnotation = "turnpike.io/backend-protocol";
    public const string BackendCaAnnotation = "turnpike.io/backend-ca";
    public const string BackendServerNameAnnotation = "turnpike.io/backend-server-name";

    /// <summary>The key of the Secret that <see cref="BackendCaAnnotation"/> names.</summary>
    public const string CaCertificateKey = "ca.crt";
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
    public const string OperatorLease = "turnpike-operator";
    public const string CaSecret = "turnpike-ca";
    public const string StatusConfigMap = "turnpike-status";
    public const string StatusProxiesKey = "proxies";
    public const string StatusProvenImagesKey = "provenImages";
    public const string StatusInjectionKey = "injection";
    public const string ManagedByValue = "turnpike";
    public const string FieldManagerOfCli = "turnpike-cli";

    // Kubernetes'.
    /// <summary>The namespaces of Kubernetes itself, whose pods are never injected.</summary>
    public static ImmutableArray<string> KubernetesNamespaces { get; } = ["kube-system", "kube-public", "kube-node-lease"];

    public const string IngressClassDefaultAnnotation = "ingressclass.kubernetes.io/is-default-class";
    public const string EndpointSliceServiceLabel = "kubernetes.io/service-name";
    public const string ManagedByLabel = "app.kubernetes.io/managed-by";
    public const string VersionLabel = "app.kubernetes.io/version";
    public const string DefaultContainerAnnotation = "kubectl.kubernetes.io/default-container";
    public const string MirrorPodAnnotation = "kubernetes.io/config.mirror";
    public const string OsLabel = "kubernetes.io/os";
    public const string OldOsLabel = "beta.kubernetes.io/os";

    /// <summary>The annotations of an Ingress that say what happens to its requests: admission looks at an Ingress again when one of them changes.</summary>
    public static ImmutableArray<string> IngressAnnotations { get; } =
        [HttpAnnotation, ShareHostWithAnnotation, BackendProtocolAnnotation, BackendCaAnnotation, BackendServerNameAnnotation];

    /// <summary>What <see cref="LoadBalancingAnnotation"/> may say.</summary>
    public static ImmutableArray<string> LoadBalancingPolicies { get; } = [RoundRobin, RandomChoice, LeastRequest];
}
