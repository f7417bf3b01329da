using System.Collections.Immutable;
using System.Globalization;
using Turnpike.Routing;

namespace Turnpike.Cli.Explain;

/// <summary>What a proxy does with a request whose route is known, in the order of the pipeline.</summary>
internal sealed record Effect(ImmutableArray<Step> Steps, ImmutableArray<Target> Targets, int? Status, string Outcome)
{
    public static Effect Of(ExplainedRequest request, RouteTable table, Explanation way)
    {
        if (way.Host is null)
            return NotFound(table, request, $"no virtual host on the {request.Scheme} listener matches {VirtualHostSet.HostOf(request.Authority)}");
        if (way.Entry is not { } entry)
            return NotFound(table, request, $"no Ingress path for host {way.Host.Domain} matches {request.Path}");
        if (way.Taken is not { } route)
            return LocalReply(404, $"no route of {entry.Origin} matches");
        if (route.Redirect is { } redirect)
        {
            var location = PathRewrite.Location(redirect, request.Scheme, request.Authority, request.Target);
            return LocalReply(redirect.Status, "nothing is sent to an endpoint", new Step("redirect", $"{redirect.Status} to {location}"));
        }
        if (route.DirectResponse is { } response)
            return LocalReply(response.Status, response.Text);
        return request.IsWebSocket && !route.AllowWebSocket
            ? LocalReply(403, WhyNoWebSocket(route), new Step("websocket", "the handshake is not allowed"))
            : Forward(request, table, route);
    }

    /// <summary>Returns the effect of a failed TLS handshake, after which the client sends no request.</summary>
    public static Effect NoHandshake(ExplainedRequest request) =>
        new([], [], null, $"none: there is no certificate for {VirtualHostSet.HostOf(request.Authority)}, so the TLS handshake is refused");

    private static Effect Forward(ExplainedRequest request, RouteTable table, Route route)
    {
        var targets = route.Targets
            .Select(t => new Target(t.Cluster, t.Weight, table.Clusters.TryGet(t.Cluster, out var cluster) ? cluster.Endpoints : [])
            {
                LacksAuthority = cluster is { LacksAuthority: true },
            })
            .ToImmutableArray();
        var steps = ImmutableArray.CreateBuilder<Step>();
        if (request.IsWebSocket)
            steps.Add(new Step("websocket", "after the handshake bytes are passed both ways, without timeout, retry or mirror"));
        AddBefore(steps, route, request.IsWebSocket);
        AddRequestChanges(steps, request, table, route);
        if (!request.IsWebSocket)
            AddTimes(steps, route);
        var nowhere = targets.Where(t => t.Endpoints.IsEmpty).ToList();
        if (targets.All(t => t.LacksAuthority))
        {
            const string why = "503, upstream certificate authority is missing: nothing is sent to an endpoint that cannot be verified";
            return new Effect(steps.ToImmutable(), targets, 503, why);
        }
        if (nowhere.Count == targets.Length)
            return new Effect(steps.ToImmutable(), targets, 503, "503, no healthy upstream: no endpoint is ready");
        var outcome = nowhere.Count == 0
            ? "the endpoint's response"
            : $"the endpoint's response; 503, no healthy upstream, if {string.Join(", ", nowhere.Select(t => t.Cluster))} is chosen";
        if (route.Timeout > TimeSpan.Zero && !request.IsWebSocket)
            outcome = $"{outcome}; 504 after {TableText.Duration(route.Timeout)}";
        return new Effect(steps.ToImmutable(), targets, null, outcome);
    }

    private static string WhyNoWebSocket(Route route) => route.Rule is null
        ? "no rule matches, and the mesh setting websockets is byRule"
        : "the rule has websocket_upgrade: false, or it does not set it and the mesh setting websockets is byRule";

    private static void AddBefore(ImmutableArray<Step>.Builder steps, Route route, bool isWebSocket)
    {
        if (route.Cors is { } cors && !isWebSocket)
            steps.Add(new Step("cors", $"for the origins {string.Join(", ", cors.AllowOrigins)}; the proxy responds to their preflights"));
        if (route.Fault is not { } fault)
            return;
        if (fault.DelayPercent > 0)
            steps.Add(new Step("fault", $"{Percent(fault.DelayPercent)} of the requests are delayed by {TableText.Duration(fault.Delay)}"));
        if (fault.AbortPercent > 0)
        {
            var status = fault.AbortStatus.ToString(CultureInfo.InvariantCulture);
            steps.Add(new Step("fault", $"{Percent(fault.AbortPercent)} of the requests are aborted with {status}"));
        }
    }

    private static void AddRequestChanges(ImmutableArray<Step>.Builder steps, ExplainedRequest request, RouteTable table, Route route)
    {
        foreach (var header in route.AppendHeaders)
            steps.Add(new Step("append", $"{header.Name}: {header.Value}"));
        if (route.Rewrite?.Path is { } path)
            steps.Add(new Step("rewrite", $"{request.Target} becomes {PathRewrite.Rewrite(request.Target, route.Path, path)}"));
        if (route.Rewrite?.Authority is { } authority)
            steps.Add(new Step("host", authority));
        else if (OfClusters(table, route, cluster => cluster.Host) is { Count: > 0 } hosts)
            steps.Add(new Step("host", string.Join(" or ", hosts)));
        foreach (var protocol in OfClusters(table, route, cluster => ProtocolOf(cluster, request)))
            steps.Add(new Step("protocol", protocol));
        if (route.MirrorCluster is { } mirror && !request.IsWebSocket)
            steps.Add(new Step("mirror", $"a copy to {mirror}, whose response is discarded"));
    }

    /// <summary>Returns the different values that the clusters of a route have.</summary>
    private static List<string> OfClusters(RouteTable table, Route route, Func<Routing.Cluster, string?> value) =>
        [.. route.Targets
                .Select(t => table.Clusters.TryGet(t.Cluster, out var cluster) ? value(cluster) : null)
                .OfType<string>()
                .Distinct()];

    /// <summary>Returns the protocol of the endpoints; null for plain HTTP/1.1.</summary>
    private static string? ProtocolOf(Routing.Cluster cluster, ExplainedRequest request)
    {
        var isHttp2 = cluster.Protocol == UpstreamProtocol.Http2 && !request.IsWebSocket;
        var version = isHttp2 ? "HTTP/2" : "HTTP/1.1";
        return cluster.Tls is { } tls ? $"{version} over {TableText.Describe(tls)}" : isHttp2 ? version : null;
    }

    private static void AddTimes(ImmutableArray<Step>.Builder steps, Route route)
    {
        steps.Add(new Step("timeout", TableText.Duration(route.Timeout)));
        if (route.Retry is { } retry)
        {
            var each = retry.PerTryTimeout is { } perTry ? $", each try for at most {TableText.Duration(perTry)}" : "";
            steps.Add(new Step("retries", $"up to {retry.Attempts.ToString(CultureInfo.InvariantCulture)}{each}"));
        }
    }

    /// <summary>
    /// Returns a 404 that names another listener with the host and path, if there is one. With TLS this is the most frequent surprise.
    /// </summary>
    private static Effect NotFound(RouteTable table, ExplainedRequest request, string why)
    {
        foreach (var other in table.Listeners.Where(l => l.Protocol != request.Scheme))
        {
            if (other.Hosts.Find(request.Authority)?.FindPath(request.Path) is { } entry)
                return LocalReply(404, $"{why}; the {other.Name} listener has it: {entry.Origin}");
        }
        return LocalReply(404, why);
    }

    private static Effect LocalReply(int status, string why, params ImmutableArray<Step> steps) =>
        new(steps, [], status, $"{status.ToString(CultureInfo.InvariantCulture)}: {why}");

    private static string Percent(double percent) => string.Create(CultureInfo.InvariantCulture, $"{percent:0.######}%");
}
