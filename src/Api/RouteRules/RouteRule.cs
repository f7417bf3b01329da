using System.Collections.Immutable;
using System.ComponentModel;

namespace Turnpike.Api.RouteRules;

/// <summary>One RouteRule object (<c>config.istio.io/v1alpha2</c>), decoded.</summary>
public sealed record RouteRule(ObjectMeta Metadata, RouteRuleSpec Spec);

/// <summary>
/// What a user writes under <c>spec</c>. Properties are named after the camelCase spelling; each is read in snake_case too
/// (behaviour reference §1.2). A property is null where the user wrote nothing.
/// </summary>
[Description("Routing policy for the requests to one service: which requests, where to, and how.")]
public sealed record RouteRuleSpec
{
    [Description("The service whose requests the rule governs. Required; labels are not allowed here.")]
    public IstioService? Destination { get; init; }

    [Description("Rules of larger precedence are tried first; may be negative. Default 0.")]
    public int? Precedence { get; init; }

    [Description("Which requests. Absent: every request.")]
    public MatchCondition? Match { get; init; }

    [Description("Weighted targets. Weights total 100; a single element may leave its weight out. Absent: the whole destination service.")]
    public ImmutableArray<DestinationWeight>? Route { get; init; }

    [Description("Answer with a redirect (301) in place of forwarding. Excludes route, rewrite, httpFault and websocketUpgrade.")]
    public HttpRedirect? Redirect { get; init; }

    [Description("Change path and/or Host before forwarding.")]
    public HttpRewrite? Rewrite { get; init; }

    [Description("Allow the WebSocket handshake on this route. Default false.")]
    public bool? WebsocketUpgrade { get; init; }

    [Description("Total time for the response, retries included.")]
    public HttpTimeout? HttpReqTimeout { get; init; }

    [Description("Retries of failed requests.")]
    public HttpRetry? HttpReqRetries { get; init; }

    [Description("Faults injected on purpose: delay and abort.")]
    public HttpFaultInjection? HttpFault { get; init; }

    [Description("Not supported: always refused.")]
    public L4FaultInjection? L4Fault { get; init; }

    [Description("Send a copy of each request to this service too; its answers are dropped.")]
    public IstioService? Mirror { get; init; }

    [Description("Cross-origin resource sharing.")]
    public CorsPolicy? CorsPolicy { get; init; }

    [Description("Request headers to add before forwarding: lower-case name to value.")]
    public ImmutableSortedDictionary<string, string>? AppendHeaders { get; init; }
}

[Description("Names a service: either name (with namespace and domain) or service.")]
public sealed record IstioService
{
    [Description("Short name of the Kubernetes service.")]
    public string? Name { get; init; }

    [Description("Namespace of the service. Default: the rule's.")]
    public string? Namespace { get; init; }

    [Description("Domain suffix, for example svc.cluster.local. Default: the cluster's.")]
    public string? Domain { get; init; }

    [Description("Full host name, used as it is. Excludes name, namespace and domain.")]
    public string? Service { get; init; }

    [Description("Pod labels that select a subset of the service's endpoints.")]
    public ImmutableSortedDictionary<string, string>? Labels { get; init; }
}

[Description("Conditions that must all hold.")]
public sealed record MatchCondition
{
    [Description("The calling service. At the ingress: the ingress itself.")]
    public IstioService? Source { get; init; }

    [Description("Checked, but without effect on HTTP routing.")]
    public L4MatchAttributes? Tcp { get; init; }

    [Description("Not supported: always refused.")]
    public L4MatchAttributes? Udp { get; init; }

    [Description("Conditions on the HTTP request.")]
    public MatchRequest? Request { get; init; }
}

[Description("Address conditions.")]
public sealed record L4MatchAttributes
{
    [Description("IPv4 addresses or CIDR blocks of the caller.")]
    public ImmutableArray<string>? SourceSubnet { get; init; }

    [Description("IPv4 addresses or CIDR blocks of the destination.")]
    public ImmutableArray<string>? DestinationSubnet { get; init; }
}

[Description("Conditions on the HTTP request.")]
public sealed record MatchRequest
{
    [Description("Lower-case header name, or one of uri, scheme, method, authority, to the condition on its value. All must hold.")]
    public ImmutableSortedDictionary<string, StringMatch>? Headers { get; init; }
}

[Description("Exactly one of exact, prefix and regex.")]
public sealed record StringMatch
{
    [OneOf("kind")]
    [Description("The value equals this text. Empty, on a header: the header is present.")]
    public string? Exact { get; init; }

    [OneOf("kind")]
    [Description("The value starts with this text.")]
    public string? Prefix { get; init; }

    [OneOf("kind")]
    [Description("The whole value matches this regular expression (ECMAScript syntax).")]
    public string? Regex { get; init; }
}

[Description("One weighted target.")]
public sealed record DestinationWeight
{
    [Description("Another service in place of the rule's destination.")]
    public IstioService? Destination { get; init; }

    [Description("Pod labels that select a subset of the service's endpoints.")]
    public ImmutableSortedDictionary<string, string>? Labels { get; init; }

    [Description("Share of the requests in per cent, 0 to 100.")]
    public int? Weight { get; init; }
}

[Description("At least one of uri and authority.")]
public sealed record HttpRedirect
{
    [Description("Replaces path and query of the Location.")]
    public string? Uri { get; init; }

    [Description("Replaces the host of the Location.")]
    public string? Authority { get; init; }
}

[Description("At least one of uri and authority.")]
public sealed record HttpRewrite
{
    [Description("Replaces the matched path (exact) or the matched prefix; the query is kept.")]
    public string? Uri { get; init; }

    [Description("Replaces the Host header.")]
    public string? Authority { get; init; }
}

[Description("Total time for the response.")]
public sealed record HttpTimeout
{
    [OneOf("policy")]
    [Description("A fixed timeout.")]
    public SimpleTimeout? SimpleTimeout { get; init; }

    [OneOf("policy")]
    [Description("Accepted, without effect.")]
    public AnyValue? Custom { get; init; }
}

[Description("A fixed timeout.")]
public sealed record SimpleTimeout
{
    [Description("At least 1ms, in whole milliseconds, for example 3s or 1m30s.")]
    public GoDuration? Timeout { get; init; }

    [Description("Accepted, without effect.")]
    public string? OverrideHeaderName { get; init; }
}

[Description("Retries of failed requests.")]
public sealed record HttpRetry
{
    [OneOf("policy")]
    [Description("A fixed number of retries.")]
    public SimpleRetry? SimpleRetry { get; init; }

    [OneOf("policy")]
    [Description("Accepted, without effect.")]
    public AnyValue? Custom { get; init; }
}

[Description("A fixed number of retries.")]
public sealed record SimpleRetry
{
    [Description("How many times a failed request is tried again, 0 or more.")]
    public int? Attempts { get; init; }

    [Description("Time for each try. At least 1ms, in whole milliseconds.")]
    public GoDuration? PerTryTimeout { get; init; }

    [Description("Accepted, without effect.")]
    public string? OverrideHeaderName { get; init; }
}

[Description("Faults injected on purpose.")]
public sealed record HttpFaultInjection
{
    [Description("Hold a share of the requests before they are forwarded.")]
    public FaultDelay? Delay { get; init; }

    [Description("Answer a share of the requests with an error in place of forwarding.")]
    public FaultAbort? Abort { get; init; }
}

[Description("Hold a share of the requests before they are forwarded.")]
public sealed record FaultDelay
{
    [Description("Share of the requests in per cent, 0 to 100, fractions allowed. Absent: 100.")]
    public double? Percent { get; init; }

    [OneOf("kind")]
    [Description("How long. At least 1ms, in whole milliseconds.")]
    public GoDuration? FixedDelay { get; init; }

    [OneOf("kind")]
    [Description("Not supported: always refused.")]
    public GoDuration? ExponentialDelay { get; init; }

    [Description("Accepted, without effect.")]
    public string? OverrideHeaderName { get; init; }
}

[Description("Answer a share of the requests with an error in place of forwarding.")]
public sealed record FaultAbort
{
    [Description("Share of the requests in per cent, 0 to 100, fractions allowed. Absent: 100.")]
    public double? Percent { get; init; }

    [OneOf("kind")]
    [Description("The HTTP status to answer with.")]
    public int? HttpStatus { get; init; }

    [OneOf("kind")]
    [Description("Not supported: always refused.")]
    public string? GrpcStatus { get; init; }

    [OneOf("kind")]
    [Description("Accepted, without effect.")]
    public string? Http2Error { get; init; }

    [Description("Accepted, without effect.")]
    public string? OverrideHeaderName { get; init; }
}

[Description("Not supported: always refused.")]
public sealed record L4FaultInjection
{
    [Description("Not supported.")]
    public L4Throttle? Throttle { get; init; }

    [Description("Not supported.")]
    public L4Terminate? Terminate { get; init; }
}

[Description("Not supported.")]
public sealed record L4Throttle
{
    [Description("Share of the connections in per cent.")]
    public double? Percent { get; init; }

    [Description("Bits per second towards the caller.")]
    public long? DownstreamLimitBps { get; init; }

    [Description("Bits per second towards the service.")]
    public long? UpstreamLimitBps { get; init; }

    [OneOf("after")]
    [Description("Start after this time.")]
    public GoDuration? ThrottleAfterPeriod { get; init; }

    [OneOf("after")]
    [Description("Start after this many bytes.")]
    public double? ThrottleAfterBytes { get; init; }

    [Description("Stop after this time.")]
    public GoDuration? ThrottleForPeriod { get; init; }
}

[Description("Not supported.")]
public sealed record L4Terminate
{
    [Description("Share of the connections in per cent.")]
    public double? Percent { get; init; }

    [Description("Close after this time.")]
    public GoDuration? TerminateAfterPeriod { get; init; }
}

[Description("Cross-origin resource sharing.")]
public sealed record CorsPolicy
{
    [Description("Origins that are allowed, or *.")]
    public ImmutableArray<string>? AllowOrigin { get; init; }

    [Description("Methods that a preflight answers with.")]
    public ImmutableArray<string>? AllowMethods { get; init; }

    [Description("Lower-case request headers that a preflight answers with.")]
    public ImmutableArray<string>? AllowHeaders { get; init; }

    [Description("Lower-case response headers that scripts may read.")]
    public ImmutableArray<string>? ExposeHeaders { get; init; }

    [Description("How long a preflight may be cached, in whole seconds.")]
    public GoDuration? MaxAge { get; init; }

    [Description("Whether credentials are allowed.")]
    public bool? AllowCredentials { get; init; }
}

/// <summary>A value of any type that is read and kept as JSON text, without effect.</summary>
public sealed record AnyValue(string Json);

/// <summary>Properties of one message with the same group exclude each other.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OneOfAttribute(string group) : Attribute
{
    public string Group => group;
}
