using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Turnpike.Primitives;
using Turnpike.Reading;

namespace Turnpike.Api.RouteRules;

/// <summary>One RouteRule object (<c>config.istio.io/v1alpha2</c>), decoded.</summary>
public sealed record RouteRule(ObjectMeta Metadata, RouteRuleSpec Spec);

/// <summary>
/// The content of <c>spec</c>. Properties have the camelCase names of the fields; each field is read in snake_case too (istio-2017.md
/// §1.2). A
/// property is null if the user did not write the field.
/// </summary>
[Description("Routing policy for the requests to one service: which requests, where to, and how.")]
public sealed record RouteRuleSpec
{
    /// <summary>
    /// The largest number of targets, of conditions and of headers. It is more than people write; a rule with thousands would use up its
    /// namespace's share of the table.
    /// </summary>
    internal const int MaxCount = 64;

    [Bounds("Required; labels are not allowed here.")]
    [Description("The service whose requests the rule governs.")]
    public IstioService? Destination { get; init; }

    [Default("0")]
    [Bounds("May be negative.")]
    [Description("Rules of larger precedence are tried first.")]
    public int? Precedence { get; init; }

    [Default("every request")]
    [Description("The requests that the rule applies to.")]
    public MatchCondition? Match { get; init; }

    [Default("the whole destination service")]
    [Bounds("Weights total 100; a single element may leave its weight out.")]
    [MaxLength(MaxCount)]
    [Description("Weighted targets.")]
    public ImmutableArray<DestinationWeight>? Route { get; init; }

    [Bounds("Excludes `route`, `rewrite`, `http_fault` and `websocket_upgrade`.")]
    [Description("Respond with a redirect (301) instead of forwarding the request.")]
    public HttpRedirect? Redirect { get; init; }

    [Description("Change path or Host, or both, before forwarding.")]
    public HttpRewrite? Rewrite { get; init; }

    [Default("`true`, unless the mesh setting `websockets` is `byRule`")]
    [Description("Whether WebSocket handshakes are forwarded on this route. If not, the response to a handshake is 403.")]
    public bool? WebsocketUpgrade { get; init; }

    [Default("15s, or `defaultRequestTimeout` of the mesh")]
    [Description("Total time for the response, including retries. When it is over, the response is 504.")]
    public HttpTimeout? HttpReqTimeout { get; init; }

    [Default("none")]
    [Description("Retries of failed requests.")]
    public HttpRetry? HttpReqRetries { get; init; }

    [Default("none")]
    [Description("Faults injected on purpose: delay and abort.")]
    public HttpFaultInjection? HttpFault { get; init; }

    [Description("Not supported: always refused.")]
    public L4FaultInjection? L4Fault { get; init; }

    [Default("none")]
    [Description("Send a copy of each request to this service too. Its responses are discarded.")]
    public IstioService? Mirror { get; init; }

    [Default("none")]
    [Description("Cross-origin resource sharing.")]
    public CorsPolicy? CorsPolicy { get; init; }

    [Bounds("Lower-case names; neither `host` nor a header of the connection; values are not empty.")]
    [MaxLength(MaxCount)]
    [Description("Request headers to add before forwarding. Values that the client sent remain.")]
    public ImmutableSortedDictionary<string, string>? AppendHeaders { get; init; }
}

[Description("Identifies a service: either by name, with namespace and domain, or by service.")]
public sealed record IstioService
{
    [Bounds("A DNS label.")]
    [Description("Short name of the Kubernetes service.")]
    public string? Name { get; init; }

    [Default("the rule's")]
    [Bounds($"A DNS label. Another namespace must consent (annotation `{Names.AllowRulesFromAnnotation}`).")]
    [Description("Namespace of the service.")]
    public string? Namespace { get; init; }

    [Default("svc.cluster.local, or `domain` of the mesh")]
    [Description("Domain suffix.")]
    public string? Domain { get; init; }

    [Bounds("A host name. Excludes `name`, `namespace` and `domain`.")]
    [Description("Full host name, used unchanged.")]
    public string? Service { get; init; }

    [Default("all endpoints")]
    [Description("Pod labels that select a subset of the service's endpoints.")]
    public ImmutableSortedDictionary<string, string>? Labels { get; init; }
}

[Description("Conditions that must all hold.")]
public sealed record MatchCondition
{
    [Default("any")]
    [Description("The calling service. At the ingress: the ingress itself, `istio-ingress` in `istio-system`.")]
    public IstioService? Source { get; init; }

    [Description("Validated, but without effect on HTTP routing.")]
    public L4MatchAttributes? Tcp { get; init; }

    [Description("Not supported: always refused.")]
    public L4MatchAttributes? Udp { get; init; }

    [Default("any")]
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
    [Bounds("Lower-case names.")]
    [MaxLength(RouteRuleSpec.MaxCount)]
    [Description("Conditions by header name, or by one of `uri`, `scheme`, `method`, `authority`. All must hold.")]
    public ImmutableSortedDictionary<string, StringMatch>? Headers { get; init; }
}

[Description("Exactly one of exact, prefix and regex.")]
public sealed record StringMatch
{
    [OneOf("kind")]
    [Bounds("Not empty on `uri`.")]
    [Description("The value equals this text. Empty, on a header: the header is present.")]
    public string? Exact { get; init; }

    [OneOf("kind")]
    [Bounds("Not empty on `uri`.")]
    [Description("The value starts with this text.")]
    public string? Prefix { get; init; }

    [OneOf("kind")]
    [MaxLength(LinearRegex.MaxLength)]
    [Description("The whole value matches this regular expression, in ECMAScript syntax without look-around and backreferences, which cannot run in linear time.")]
    public string? Regex { get; init; }
}

[Description("One weighted target.")]
public sealed record DestinationWeight
{
    [Default("the rule's destination")]
    [Description("Another service.")]
    public IstioService? Destination { get; init; }

    [Default("all endpoints")]
    [Description("Pod labels that select a subset of the service's endpoints.")]
    public ImmutableSortedDictionary<string, string>? Labels { get; init; }

    [Default("0; 100 for a single element")]
    [Range(0, 100)]
    [Description("Share of the requests in per cent.")]
    public int? Weight { get; init; }
}

[Description("At least one of uri and authority.")]
public sealed record HttpRedirect
{
    [Default("those of the request")]
    [Description("Path and query of the Location header.")]
    public string? Uri { get; init; }

    [Default("that of the request")]
    [Bounds("`host` or `host:port`.")]
    [Description("Host of the Location header.")]
    public string? Authority { get; init; }
}

[Description("At least one of uri and authority.")]
public sealed record HttpRewrite
{
    [Default("the path of the request")]
    [Description("Replaces the path after an exact match, or the matched prefix. The query is kept.")]
    public string? Uri { get; init; }

    [Default("the host of the request")]
    [Bounds("`host` or `host:port`.")]
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
    [Bounds("Required. At least 1ms, in whole milliseconds.")]
    [Description("The time, for example `3s` or `1m30s`.")]
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
    [Default("0")]
    [Range(0, int.MaxValue)]
    [Description("How many times a failed request is retried.")]
    public int? Attempts { get; init; }

    [Default("the total timeout")]
    [Bounds("At least 1ms, in whole milliseconds.")]
    [Description("Time for each try.")]
    public GoDuration? PerTryTimeout { get; init; }

    [Description("Accepted, without effect.")]
    public string? OverrideHeaderName { get; init; }
}

[Description("Faults injected on purpose.")]
public sealed record HttpFaultInjection
{
    [Description("Delay a share of the requests before they are forwarded.")]
    public FaultDelay? Delay { get; init; }

    [Description("Respond to a share of the requests with an error instead of forwarding them.")]
    public FaultAbort? Abort { get; init; }
}

[Description("Delay a share of the requests before they are forwarded.")]
public sealed record FaultDelay
{
    [Default("100")]
    [Range(0d, 100d)]
    [Description("Share of the requests in per cent, fractions allowed.")]
    public double? Percent { get; init; }

    [OneOf("kind")]
    [Bounds("Required. At least 1ms, in whole milliseconds.")]
    [Description("The delay, for example `3s` or `500ms`.")]
    public GoDuration? FixedDelay { get; init; }

    [OneOf("kind")]
    [Description("Not supported: always refused.")]
    public GoDuration? ExponentialDelay { get; init; }

    [Description("Accepted, without effect.")]
    public string? OverrideHeaderName { get; init; }
}

[Description("Respond to a share of the requests with an error instead of forwarding them.")]
public sealed record FaultAbort
{
    [Default("100")]
    [Range(0d, 100d)]
    [Description("Share of the requests in per cent, fractions allowed.")]
    public double? Percent { get; init; }

    [OneOf("kind")]
    [Range(0, 600)]
    [Description("The HTTP status of the response; 200 to 599 have an effect.")]
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
    [Bounds("`scheme://host[:port]` without a path, or `*`.")]
    [Description("Origins that are allowed.")]
    public ImmutableArray<string>? AllowOrigin { get; init; }

    [Default("none")]
    [Description("Methods that the response to a preflight lists.")]
    public ImmutableArray<string>? AllowMethods { get; init; }

    [Default("none")]
    [Bounds("Lower-case names.")]
    [Description("Request headers that the response to a preflight lists.")]
    public ImmutableArray<string>? AllowHeaders { get; init; }

    [Default("none")]
    [Bounds("Lower-case names.")]
    [Description("Response headers that scripts may read.")]
    public ImmutableArray<string>? ExposeHeaders { get; init; }

    [Default("not sent")]
    [Bounds("Whole seconds.")]
    [Description("How long a preflight may be cached.")]
    public GoDuration? MaxAge { get; init; }

    [Default("false")]
    [Description("Whether credentials are allowed.")]
    public bool? AllowCredentials { get; init; }
}

/// <summary>A value of any type, which is kept as JSON text and has no effect.</summary>
public sealed record AnyValue(string Json);

/// <summary>Marks properties of a message that exclude each other: those with the same group.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OneOfAttribute(string group) : Attribute
{
    public string Group => group;
}

/// <summary>States in the reference what applies if the field is absent.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class DefaultAttribute(string text) : Attribute
{
    public string Text => text;
}

/// <summary>States in the reference, in words, what a value must be beyond <see cref="RangeAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class BoundsAttribute(string text) : Attribute
{
    public string Text => text;
}
