using System.Collections.Immutable;
using Turnpike.Primitives;

namespace Turnpike.Api.Mesh;

/// <summary>
/// The mesh settings: YAML under the key <c>mesh</c> of the ConfigMap that the profile names, <c>istio</c> in that of 2017. Keys of 2017
/// keep
/// their names; those that have no meaning here are accepted and ignored.
/// </summary>
public sealed record MeshConfig
{
    /// <summary>The settings of an empty ConfigMap in the profile of 2017.</summary>
    public static MeshConfig Default { get; } = new();

    /// <summary>Returns the settings of an empty ConfigMap in that profile.</summary>
    public static MeshConfig Of(Profile profile) =>
        profile.IngressClass == Default.IngressClass ? Default : Default with { IngressClass = profile.IngressClass };

    /// <summary>
    /// <c>ingressClass</c>: the value of the class annotation, and the name of the IngressClass, of the Ingresses that are served.
    /// </summary>
    public string IngressClass { get; init; } = Profile.Istio2017.IngressClass;

    /// <summary>
    /// <c>ingressControllerMode</c>: OFF, STRICT (an Ingress must name the class) or DEFAULT (an Ingress without a class is served too).
    /// </summary>
    public IngressControllerMode IngressControllerMode { get; init; } = IngressControllerMode.Strict;

    /// <summary><c>defaultRequestTimeout</c>: the total time for a response if no rule sets one.</summary>
    public TimeoutSetting DefaultRequestTimeout { get; init; }

    /// <summary><c>connectTimeout</c>: the time for a connection to an endpoint, 1 ms to 30 s.</summary>
    public TimeoutSetting ConnectTimeout { get; init; }

    /// <summary>
    /// <c>upstreamHost</c>: <c>client</c> keeps the client's Host, <c>service</c> sends <c>name.namespace.svc.domain:port</c>.
    /// </summary>
    public UpstreamHost UpstreamHost { get; init; } = UpstreamHost.Client;

    /// <summary>
    /// <c>tlsIngressHttp</c>: what port 80 does for hosts of an Ingress with <c>tls</c>: <c>none</c>, <c>redirect</c> or <c>allow</c>. If
    /// it is null, a
    /// host that is listed under <c>tls</c> redirects, and a host that an entry without hosts covers is not served, as in 2017.
    /// </summary>
    public TlsIngressHttp? TlsIngressHttp { get; init; }

    /// <summary><c>httpsRedirectPort</c>: the port of HTTPS as clients see it, for redirects; null if it is not set.</summary>
    public int? HttpsRedirectPort { get; init; }

    /// <summary>
    /// <c>websockets</c>: <c>allow</c> (a handshake needs no rule) or <c>byRule</c> (a handshake needs a RouteRule that allows it, as in
    /// 2017).
    /// </summary>
    public WebSockets WebSockets { get; init; } = WebSockets.Allow;

    /// <summary>
    /// <c>foreignGuards</c>: what happens to an Ingress with annotations of other controllers that guard access, <c>refuse</c> or
    /// <c>warn</c>.
    /// </summary>
    public ForeignGuards ForeignGuards { get; init; } = ForeignGuards.Refuse;

    /// <summary>
    /// <c>crossNamespaceRules</c>: whether rules may govern services of other namespaces without consent, <c>deny</c> or <c>allow</c> (as
    /// in 2017).
    /// </summary>
    public bool AllowCrossNamespaceRules { get; init; }

    /// <summary>
    /// <c>hostOwnership</c>: <c>namespace</c> (a host belongs to the namespace that named it first) or <c>shared</c> (hosts have no owner).
    /// </summary>
    public HostOwnership HostOwnership { get; init; } = HostOwnership.Namespace;

    /// <summary>
    /// <c>anyHostNamespaces</c>: the namespaces that may serve hosts which they do not name (no host, <c>*.x</c>, default backends);
    /// <c>*</c> for all.
    /// </summary>
    public ImmutableArray<string> AnyHostNamespaces { get; init; } = ["*"];

    /// <summary><c>endpointAddresses</c>: <c>pods</c>, <c>safe</c> or <c>any</c>; null if it is not set.</summary>
    public EndpointAddresses? EndpointAddresses { get; init; }

    /// <summary><c>domain</c>: the cluster's DNS suffix.</summary>
    public string Domain { get; init; } = "cluster.local";

    /// <summary><c>trustedCidrs</c>: the networks of peers whose forwarding headers are trusted.</summary>
    public ImmutableArray<string> TrustedCidrs { get; init; } = [];

    /// <summary>
    /// <c>drainDuration</c>: the time for requests in flight after SIGTERM. If it is disabled, the proxy does not wait for them.
    /// </summary>
    public TimeoutSetting DrainDuration { get; init; }

    /// <summary>
    /// <c>bodyIdleTimeout</c>: the time for which a client may neither send nor receive content. If it is disabled, there is no limit.
    /// </summary>
    public TimeoutSetting BodyIdleTimeout { get; init; }

    /// <summary><c>circuitLimits</c>: the connections and requests that one proxy may have open to one service.</summary>
    public CircuitLimits CircuitLimits { get; init; } = CircuitLimits.Default;

    /// <summary><c>namespaceLimits</c>: the share of the table that one namespace may take.</summary>
    public NamespaceLimits NamespaceLimits { get; init; } = NamespaceLimits.Default;

    /// <summary><c>ingressProxy</c>: the managed ingress Deployment and its Service.</summary>
    public IngressProxySettings IngressProxy { get; init; } = new();
}

/// <summary>The settings of the managed ingress proxy.</summary>
public sealed record IngressProxySettings
{
    /// <summary><c>replicas</c>: 0 to 1000.</summary>
    public int Replicas { get; init; } = 2;

    /// <summary><c>image</c>: the image of the proxy; null for the one that the operator was started with.</summary>
    public string? Image { get; init; }

    /// <summary><c>serviceType</c>: LoadBalancer, NodePort or ClusterIP.</summary>
    public string ServiceType { get; init; } = "LoadBalancer";

    /// <summary><c>httpNodePort</c>: the node port of HTTP; 0 lets the cluster choose.</summary>
    public int HttpNodePort { get; init; }

    /// <summary><c>httpsNodePort</c>: the node port of HTTPS; 0 lets the cluster choose.</summary>
    public int HttpsNodePort { get; init; }
}

public enum IngressControllerMode
{
    Off,
    Strict,
    Default,
}

public enum HostOwnership
{
    Namespace,
    Shared,
}

/// <summary>The addresses of Endpoints and EndpointSlices that requests are sent to.</summary>
public enum EndpointAddresses
{
    /// <summary>The addresses of pods of the service's own namespace.</summary>
    Pods,

    /// <summary>
    /// All addresses except those that never belong to an endpoint: loopback, link-local, metadata services, multicast and ClusterIPs.
    /// </summary>
    Safe,

    Any,
}

public enum UpstreamHost
{
    Client,
    Service,
}

/// <summary>What happens to an Ingress with annotations of another controller that guard access.</summary>
public enum ForeignGuards
{
    /// <summary>Admission refuses it. If it exists nevertheless, its requests get 503.</summary>
    Refuse,

    /// <summary>It is served without the guards, with a warning.</summary>
    Warn,
}

public enum WebSockets
{
    Allow,
    ByRule,
}

public enum TlsIngressHttp
{
    None,
    Redirect,
    Allow,
}
