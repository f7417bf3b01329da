using System.Collections.Frozen;
using System.Globalization;
using Turnpike.Primitives;
using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>Which headers of a request go upstream, and what the proxy says in headers of its own.</summary>
internal static class RequestHeaderRules
{
    public const string ExpectedTimeout = "x-envoy-expected-rq-timeout-ms";
    public const string OriginalPath = "x-envoy-original-path";

    // The fields of the client that are not forwarded: framing, and those that are written again below.
    private static readonly FrozenSet<string> Consumed = FrozenSet.ToFrozenSet(
        [
            .. FramingHeaders.Names.Where(name => name != "expect"),
            "x-forwarded-for", "x-forwarded-proto", "x-request-id", "x-forwarded-client-cert",
            ExpectedTimeout, OriginalPath,
        ],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>The scheme that the client used, as far as the proxy knows or believes it.</summary>
    public static string ForwardedScheme(Exchange exchange, bool trusted) =>
        trusted && exchange.Request.Headers.First("x-forwarded-proto") is "http" or "https"
            ? exchange.Request.Headers.First("x-forwarded-proto")!
            : exchange.Connection.Scheme;

    /// <summary>Adds the headers for upstream, those of the route included.</summary>
    public static void Forward(Exchange exchange, Route route, bool trusted, string? originalPath, HeaderList forwarded)
    {
        var source = exchange.Request.Headers;
        var named = source.Joined("connection");
        foreach (ref readonly var header in source.Items)
        {
            if (!Consumed.Contains(header.Name) && (trusted || !IsInternal(header.Name)) && !IsNamedIn(named, header.Name))
                forwarded.Add(header.Name, header.Value);
        }
        if (source.HasToken("te", "trailers"))
            forwarded.Add("te", "trailers");
        AddClient(exchange, forwarded, trusted);
        var expected = TimeoutOfOneTry(route);
        if (expected > TimeSpan.Zero)
            forwarded.Add(ExpectedTimeout, ((long)Math.Ceiling(expected.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture));
        if (originalPath is not null)
            forwarded.Add(OriginalPath, originalPath);
        foreach (var header in route.AppendHeaders)
        {
            if (!FramingHeaders.Names.Contains(header.Name))
                forwarded.Add(header.Name, header.Value);
        }
    }

    /// <summary>How long upstream has for one try: the per-try timeout where it is shorter than the total.</summary>
    public static TimeSpan TimeoutOfOneTry(Route route) => PerTryTimeout(route) is { } perTry ? perTry : route.Timeout;

    /// <summary>Null where there is none, or none that would ever come before the total.</summary>
    public static TimeSpan? PerTryTimeout(Route route) =>
        route.Retry is { PerTryTimeout: { Ticks: > 0 } perTry } && (route.Timeout == TimeSpan.Zero || perTry < route.Timeout)
            ? perTry
            : null;

    private static void AddClient(Exchange exchange, HeaderList forwarded, bool trusted)
    {
        var source = exchange.Request.Headers;
        var peer = exchange.Connection.PeerText;
        var chain = source.Joined("x-forwarded-for");
        if (peer.Length > 0)
            chain = string.IsNullOrEmpty(chain) ? peer : $"{chain}, {peer}";
        if (chain is not null)
            forwarded.Add("x-forwarded-for", chain);
        forwarded.Add("x-forwarded-proto", ForwardedScheme(exchange, trusted));
        var id = trusted ? source.First("x-request-id") : null;
        forwarded.Add("x-request-id", string.IsNullOrEmpty(id) ? RequestId.New() : id);
        if (!trusted && peer.Length > 0)
            forwarded.Add("x-envoy-external-address", peer);
    }

    private static bool IsInternal(string name) => name.StartsWith("x-envoy-", StringComparison.OrdinalIgnoreCase);

    private static bool IsNamedIn(string? connection, string name) => connection is not null && HeaderList.ListContains(connection, name);
}
