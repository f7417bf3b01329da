using System.Collections.Immutable;
using Turnpike.Primitives;

namespace Turnpike.Api.Mesh;

/// <summary>
/// Mesh-wide settings: the ConfigMap that the profile names, <c>istio</c> in that of 2017, key <c>mesh</c>, YAML. The keys of 2017 are read under their old names;
/// those that have no meaning here are accepted and ignored.
/// </summary>
public sealed record MeshConfig
{
    /// <summary>What counts where nothing is said, with the names of 2017.</summary>
    public static MeshConfig Default { get; } = new();

    /// <summary>What counts in an installation where nothing is said.</summary>
    public static MeshConfig Of(Profile profile) => profile.IngressClass == Default.IngressClass ? Default : Default with { IngressClass = profile.IngressClass };

    /// <summary><c>ingressClass</c>: the value of the class annotation, or the name of the IngressClass, that is ours.</summary>
    public string IngressClass { get; init; } = Profile.Istio2017.IngressClass;

    /// <summary><c>ingressControllerMode</c>: OFF, STRICT (class must be named) or DEFAULT (no class means ours too).</summary>
    public IngressControllerMode IngressControllerMode { get; init; } = IngressControllerMode.Strict;

    /// <summary><c>defaultRequestTimeout</c>: total response time where no rule sets one.</summary>
    public TimeoutSetting DefaultRequestTimeout { get; init; }

    /// <summary><c>connectTimeout</c>: 1 ms to 30 s.</summary>
    public TimeoutSetting ConnectTimeout { get; init; }

    /// <summary><c>upstreamHost</c>: <c>client</c> keeps the client's Host, <c>service</c> sends <c>name.namespace.svc.domain:port</c>.</summary>
    public UpstreamHost UpstreamHost { get; init; } = UpstreamHost.Client;

    /// <summary>
    /// <c>tlsIngressHttp</c>: what port 80 does for hosts of an Ingress with <c>tls</c>: <c>none</c>, <c>redirect</c> or <c>allow</c>. Null where nothing
    /// is said: a host that is listed under <c>tls</c> redirects, one that an entry without hosts covers does nothing, as in 2017.
    /// </summary>
    public TlsIngressHttp? TlsIngressHttp { get; init; }

    /// <summary><c>httpsRedirectPort</c>: the port of HTTPS as clients see it, for redirects; null where nothing is said.</summary>
    public int? HttpsRedirectPort { get; init; }

    /// <summary><c>websockets</c>: <c>allow</c> (a handshake needs no rule) or <c>byRule</c> (only where a RouteRule says so, as in 2017).</summary>
    public WebSockets WebSockets { get; init; } = WebSockets.Allow;

    /// <summary><c>foreignGuards</c>: <c>refuse</c> or <c>warn</c> of annotations of other controllers that guard access.</summary>
    public ForeignGuards ForeignGuards { get; init; } = ForeignGuards.Refuse;

    /// <summary><c>crossNamespaceRules</c>: <c>deny</c> or <c>allow</c> (as in 2017) rules for services of other namespaces without their consent.</summary>
    public bool AllowCrossNamespaceRules { get; init; }

    /// <summary><c>hostOwnership</c>: <c>namespace</c> (a host belongs to the namespace that named it first) or <c>shared</c> (to nobody).</summary>
    public HostOwnership HostOwnership { get; init; } = HostOwnership.Namespace;

    /// <summary><c>anyHostNamespaces</c>: who may serve hosts that it does not name (no host, <c>*.x</c>, default backends); <c>*</c> is everybody.</summary>
    public ImmutableArray<string> AnyHostNamespaces { get; init; } = ["*"];

    /// <summary><c>endpointAddresses</c>: <c>pods</c>, <c>safe</c> or <c>any</c>; null where nothing is said.</summary>
    public EndpointAddresses? EndpointAddresses { get; init; }

    /// <summary><c>domain</c>: the cluster's DNS suffix.</summary>
    public string Domain { get; init; } = "cluster.local";

    /// <summary><c>trustedCidrs</c>: peers whose forwarding headers are believed.</summary>
    public ImmutableArray<string> TrustedCidrs { get; init; } = [];

    /// <summary><c>drainDuration</c>: how long requests in flight may take after SIGTERM; disabled is not at all.</summary>
    public TimeoutSetting DrainDuration { get; init; }

    /// <summary><c>bodyIdleTimeout</c>: how long a client may neither send nor take what there is of a body; disabled is for ever.</summary>
    public TimeoutSetting BodyIdleTimeout { get; init; }

    /// <summary><c>circuitLimits</c>: how much one proxy asks of one service at a time.</summary>
    public CircuitLimits CircuitLimits { get; init; } = CircuitLimits.Default;

    /// <summary><c>namespaceLimits</c>: how much one namespace may take.</summary>
    public NamespaceLimits NamespaceLimits { get; init; } = NamespaceLimits.Default;

    /// <summary><c>ingressProxy</c>: the managed ingress Deployment and its Service.</summary>
    public IngressProxySettings IngressProxy { get; init; } = new();
}

/// <summary>The managed ingress proxy.</summary>
public sealed record IngressProxySettings
{
    /// <summary><c>replicas</c>: 0 to 1000.</summary>
    public int Replicas { get; init; } = 2;

    /// <summary><c>image</c>: null takes the one that the operator was started with.</summary>
    public string? Image { get; init; }

    /// <summary><c>serviceType</c>: LoadBalancer, NodePort or ClusterIP.</summary>
    public string ServiceType { get; init; } = "LoadBalancer";

    /// <summary><c>httpNodePort</c>: 0 lets the cluster choose.</summary>
    public int HttpNodePort { get; init; }

    /// <summary><c>httpsNodePort</c>: 0 lets the cluster choose.</summary>
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

/// <summary>Which addresses of Endpoints and EndpointSlices requests are sent to.</summary>
public enum EndpointAddresses
{
    /// <summary>Those of pods of the service's own namespace.</summary>
    Pods,

    /// <summary>All but those that are never an endpoint's: this machine, its link, metadata services, multicast, ClusterIPs.</summary>
    Safe,

    Any,
}

public enum UpstreamHost
{
    Client,
    Service,
}

/// <summary>What becomes of an Ingress with annotations of another controller that guard access.</summary>
public enum ForeignGuards
{
    /// <summary>It is refused at admission, and its requests get 503 where it is there all the same.</summary>
    Refuse,

    /// <summary>It is served without them.</summary>
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
