using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Primitives;
using Turnpike.Reading;

namespace Turnpike.Api.Mesh;

/// <summary>
/// Reads the mesh settings (istio-2017.md §8.4). A wrong value is an error. An unknown key is a warning, so that the settings of another
/// version
/// do not stop the operator.
/// </summary>
public static class MeshConfigReader
{
    /// <summary>Keys of 2017 that have no meaning here.</summary>
    private static readonly string[] Ignored =
    [
        "accessLogFile", "authPolicy", "defaultConfig", "disablePolicyChecks", "discoveryAddress", "egressProxyAddress", "enableTracing",
        "ingressService", "mixerAddress", "mixerCheckServer", "mixerReportServer", "mtlsExcludedServices", "proxyHttpPort",
        "proxyListenPort",
        "rdsRefreshDelay", "statsdUdpAddress", "zipkinAddress",
    ];

    private static readonly string[] Known =
    [
        "anyHostNamespaces", "bodyIdleTimeout", "circuitLimits", "connectTimeout", "crossNamespaceRules", "defaultRequestTimeout", "domain",
        "drainDuration", "endpointAddresses", "foreignGuards", "hostOwnership", "httpsRedirectPort", "ingressClass",
        "ingressControllerMode",
        "ingressProxy", "namespaceLimits", "tlsIngressHttp", "trustedCidrs", "upstreamHost", "websockets",
    ];

    private static readonly ImmutableArray<string> CrossNamespace = ["deny", "allow"];

    private static readonly ImmutableArray<string> WebSocketChoices = ["allow", "byRule"];

    /// <summary>Reads and validates the settings. Keys may be in camelCase or snake_case, as in proto messages.</summary>
    /// <param name="mesh">The settings.</param>
    /// <param name="profile">The profile of the installation; that of 2017 by default.</param>
    public static Decoded<MeshConfig> Read(JsonObject mesh, Profile? profile = null)
    {
        var findings = new Findings();
        var keys = new ObjectReader(findings, mesh);
        foreach (var key in keys.Given)
            CheckKey(keys, key);
        var fallback = MeshConfig.Of(profile ?? Profile.Istio2017);
        return findings.Result(new MeshConfig
        {
            IngressClass = Text(keys, "ingressClass", Syntax.DnsSubdomain) ?? fallback.IngressClass,
            IngressControllerMode = Mode(keys) ?? fallback.IngressControllerMode,
            DefaultRequestTimeout = Duration(keys, "defaultRequestTimeout", RequestTimeoutFault),
            ConnectTimeout = Duration(keys, "connectTimeout", ConnectTimeoutFault),
            UpstreamHost = OneOf<UpstreamHost>(keys, "upstreamHost") ?? fallback.UpstreamHost,
            TlsIngressHttp = OneOf<TlsIngressHttp>(keys, "tlsIngressHttp"),
            HttpsRedirectPort = keys.Port(Spelled(keys, "httpsRedirectPort")),
            WebSockets = Choice(keys, "websockets", WebSocketChoices) == "byRule" ? WebSockets.ByRule : fallback.WebSockets,
            ForeignGuards = OneOf<ForeignGuards>(keys, "foreignGuards") ?? fallback.ForeignGuards,
            AllowCrossNamespaceRules = Choice(keys, "crossNamespaceRules", CrossNamespace) == "allow",
            HostOwnership = OneOf<HostOwnership>(keys, "hostOwnership") ?? fallback.HostOwnership,
            AnyHostNamespaces = Spelled(keys, "anyHostNamespaces") is var namespaces && keys.Has(namespaces)
                ? keys.Strings(namespaces, form: NamespaceNames.Fault)
                : fallback.AnyHostNamespaces,
            EndpointAddresses = OneOf<EndpointAddresses>(keys, "endpointAddresses"),
            Domain = Text(keys, "domain", Syntax.Fqdn) ?? fallback.Domain,
            TrustedCidrs = keys.Strings(Spelled(keys, "trustedCidrs"), form: CidrFault),
            DrainDuration = Drain(keys),
            BodyIdleTimeout = Duration(keys, "bodyIdleTimeout", BodyIdleFault),
            CircuitLimits = Section(keys, "circuitLimits", CircuitLimitsReader.Read) ?? fallback.CircuitLimits,
            NamespaceLimits = Section(keys, "namespaceLimits", NamespaceLimitsReader.Read) ?? fallback.NamespaceLimits,
            IngressProxy = Section(keys, "ingressProxy", IngressProxyReader.Read) ?? fallback.IngressProxy,
        });
    }

    /// <summary>Returns the keys that neither Turnpike nor the Istio of 2017 has, such as those of a newer Istio.</summary>
    public static IReadOnlyList<string> UnknownKeys(JsonObject mesh) =>
        [.. mesh.Select(member => member.Key).Where(key => KeyOf(key) is null)];

    private static string? KeyOf(string key) =>
        Known.Concat(Ignored).FirstOrDefault(known => known == key || Spelling.Snake(known) == key);

    private static void CheckKey(ObjectReader keys, string key)
    {
        var all = Known.Concat(Ignored);
        if (KeyOf(key) is not { } known)
        {
            var spelled = key.Contains('_', StringComparison.Ordinal) ? all.Select(Spelling.Snake) : all;
            keys.Warn(key, "unknown key" + Spelling.DidYouMean(Spelling.Nearest(key, spelled)));
        }
        else if (known != key && keys.Has(known))
        {
            keys.AddError(FieldError.Forbidden(keys.PathOf(key), $"the same key as \"{known}\", which is given too; keep one of them"));
        }
        else if (known == "authPolicy" && JsonText.TryString(keys.Raw(key), out var policy) && policy != "NONE")
        {
            keys.Warn(key, "has no effect: requests between services are not encrypted");
        }
    }

    private static T? Section<T>(ObjectReader keys, string name, Func<ObjectReader, T> read)
        where T : class =>
        keys.Object(Spelled(keys, name)) is { } section ? read(section) : null;

    private static string Spelled(ObjectReader keys, string name) => keys.Has(name) ? name : Spelling.Snake(name);

    private static string? Text(ObjectReader keys, string name, Func<string, string?> fault)
    {
        var key = Spelled(keys, name);
        if (keys.String(key) is not { } text)
            return null;
        if (fault(text) is { } detail)
            keys.AddError(FieldError.Invalid(keys.PathOf(key), JsonText.Quote(text), detail));
        return text;
    }

    private static string? Choice(ObjectReader keys, string name, IReadOnlyCollection<string> choices) =>
        keys.Choice(Spelled(keys, name), choices);

    private static T? OneOf<T>(ObjectReader keys, string name)
        where T : struct, Enum =>
        Choice(keys, name, [.. Enum.GetNames<T>().Select(n => n.ToLowerInvariant())]) is { } text ? Enum.Parse<T>(text, ignoreCase: true) : null;

    private static IngressControllerMode? Mode(ObjectReader keys)
    {
        const string name = "ingressControllerMode";
        // To YAML 1.1 a bare OFF is the boolean false.
        if (keys.Raw(Spelled(keys, name))?.GetValueKind() == JsonValueKind.False)
            return IngressControllerMode.Off;
        var choice = Choice(keys, name, [.. Enum.GetNames<IngressControllerMode>().Select(n => n.ToUpperInvariant())]);
        return choice is null ? null : Enum.Parse<IngressControllerMode>(choice, ignoreCase: true);
    }

    private static TimeoutSetting Duration(ObjectReader keys, string name, Func<GoDuration, string?> outOfBounds)
    {
        var key = Spelled(keys, name);
        if (keys.Raw(key) is not { } node)
            return TimeoutSetting.Default;
        if (Scalars.TryDuration(node, out var duration, out var fault))
            fault = outOfBounds(duration);
        if (fault is null)
            return TimeoutSetting.FromWritten(duration.TimeSpan);
        keys.AddError(FieldError.Invalid(keys.PathOf(key), JsonText.Quote(node), fault));
        return TimeoutSetting.Default;
    }

    /// <summary>Reads the drain time, which was among the proxy's defaults in 2017.</summary>
    private static TimeoutSetting Drain(ObjectReader keys) =>
        keys.Raw(Spelled(keys, "drainDuration")) is null && keys.Object(Spelled(keys, "defaultConfig")) is { } proxy
            ? Duration(proxy, "drainDuration", DrainFault)
            : Duration(keys, "drainDuration", DrainFault);

    private static string? RequestTimeoutFault(GoDuration timeout) =>
        timeout < default(GoDuration) ? "must not be negative; 0s means no timeout"
        : timeout.IsWholeMilliseconds ? null
        : "must be whole milliseconds";

    private static string? ConnectTimeoutFault(GoDuration timeout) =>
        timeout.TimeSpan >= TimeSpan.FromMilliseconds(1) && timeout.TimeSpan <= TimeSpan.FromSeconds(30) ? null
            : "must be between 1ms and 30s";

    private static string? DrainFault(GoDuration drain) =>
        drain.TimeSpan < TimeSpan.Zero || drain.TimeSpan > TimeSpan.FromHours(1) ? "must be between 0s and 1h"
        : drain.IsWholeSeconds ? null
        : "must be whole seconds";

    private static string? BodyIdleFault(GoDuration idle) =>
        idle == default ? null
        : idle.TimeSpan < TimeSpan.FromSeconds(1) || idle.TimeSpan > TimeSpan.FromHours(24) ? "must be between 1s and 24h; 0s means no timeout"
        : idle.IsWholeMilliseconds ? null
        : "must be whole milliseconds";

    private static string? CidrFault(string text)
    {
        if (IPNetwork.TryParse(text, out _))
            return null;
        if (IPAddress.TryParse(text, out var address) && address.ToString() == text)
            return $"must be a network; write {text}/{(text.Contains(':', StringComparison.Ordinal) ? 128 : 32)} for a single address";
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && IPAddress.TryParse(text[..slash], out _)
            ? "must be a network such as 10.0.0.0/8: the bits after the prefix must be 0, and the prefix no longer than the address"
            : "must be a network such as 10.0.0.0/8 or fd00::/8";
    }
}
