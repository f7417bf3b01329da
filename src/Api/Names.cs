using System.Collections.Immutable;

namespace Turnpike.Api;

/// <summary>
/// The names that Turnpike shares with its users and that are the same in every installation: groups, annotations, labels, objects. Those
/// that
/// differ by profile are in <see cref="Profile"/>. Code refers to these constants instead of repeating a name.
/// </summary>
public static class Names
{
    // Names of 2017.
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

    // Turnpike's own names. A token serves one purpose: each kind of caller of the control plane has its own audience.
    public const string IngressAudience = "turnpike-ingress";
    public const string SidecarAudience = "turnpike-sidecar";
    public const string OperatorAudience = "turnpike-operator";

    /// <summary>
    /// A label of a namespace, and in the standalone profile of a pod: <c>true</c> requests sidecars, <c>false</c> forbids them.
    /// </summary>
    public const string InjectLabel = "turnpike.io/inject";

    /// <summary>The label of the operator's Deployment that holds the profile of the installation.</summary>
    public const string ProfileLabel = "turnpike.io/profile";
    public const string HttpAnnotation = "turnpike.io/http";
    public const string BackendProtocolAnnotation = "turnpike.io/backend-protocol";
    public const string BackendCaAnnotation = "turnpike.io/backend-ca";
    public const string BackendServerNameAnnotation = "turnpike.io/backend-server-name";

    /// <summary>The key that is read from the Secret named by <see cref="BackendCaAnnotation"/>.</summary>
    public const string CaCertificateKey = "ca.crt";
    public const string LoadBalancingAnnotation = "turnpike.io/load-balancing";
    public const string RoundRobin = "round-robin";
    public const string RandomChoice = "random";
    public const string LeastRequest = "least-request";
    public const string AllowRulesFromAnnotation = "turnpike.io/allow-rules-from";
    public const string ShareHostWithAnnotation = "turnpike.io/share-host-with";

    /// <summary>
    /// The label of the ConfigMaps in the system namespace that record the hosts of a namespace. Its value is that namespace.
    /// </summary>
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

    // Names of Kubernetes.
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

    /// <summary>
    /// The annotations of an Ingress that affect its requests. Admission reviews an Ingress again when one of them changes.
    /// </summary>
    public static ImmutableArray<string> IngressAnnotations { get; } =
        [HttpAnnotation, ShareHostWithAnnotation, BackendProtocolAnnotation, BackendCaAnnotation, BackendServerNameAnnotation];

    /// <summary>The values of <see cref="LoadBalancingAnnotation"/>.</summary>
    public static ImmutableArray<string> LoadBalancingPolicies { get; } = [RoundRobin, RandomChoice, LeastRequest];
}
