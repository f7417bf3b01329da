using System.Collections.Immutable;
using System.Globalization;
using Turnpike.Routing;

namespace Turnpike.Cli.Explain;

/// <summary>What a proxy does with a request once its route is known, in the order of the proxy's pipeline.</summary>
internal sealed record Effect(ImmutableArray<Step> Steps, ImmutableArray<Target> Targets, int? Status, string Outcome)
{
    public static Effect Of(ExplainedRequest request, RouteTable table, Explanation way)
    {
        if (way.Host is null)
            return NotFound(table, request, $"no virtual host of the {request.Scheme} listener is for {VirtualHostSet.HostOf(request.Authority)}");
        if (way.Entry is not { } entry)
            return NotFound(table, request, $"no Ingress has a path for {request.Path} under {way.Host.Domain}");
        if (way.Taken is not { } route)
            return Answer(404, $"every route of {entry.Origin} was passed over");
        if (route.Redirect is { } redirect)
        {
            var location = PathRewrite.Location(redirect, request.Scheme, request.Authority, request.Target);
            return Answer(redirect.Status, "no endpoint is asked", new Step("redirect", $"{redirect.Status} to {location}"));
        }
        if (route.DirectResponse is { } response)
            return Answer(response.Status, response.Text);
        return request.IsWebSocket && !route.AllowWebSocket
            ? Answer(403, WhyNoWebSocket(route), new Step("websocket", "a handshake that is not allowed"))
            : Forward(request, table, route);
    }

    /// <summary>The client does not get as far as to send the request.</summary>
    public static Effect NoHandshake(ExplainedRequest request) =>
        new([], [], null, $"none: there is no certificate for {VirtualHostSet.HostOf(request.Authority)}, so the TLS handshake is refused");

    private static Effect Forward(ExplainedRequest request, RouteTable table, Route route)
    {
        var targets = route.Targets
            .Select(t => new Target(t.Cluster, t.Weight, table.Clusters.TryGet(t.Cluster, out var cluster) ? cluster.Endpoints : []) { LacksAuthority = cluster is { LacksAuthority: true } })
            .ToImmutableArray();
        var steps = ImmutableArray.CreateBuilder<Step>();
        if (request.IsWebSocket)
            steps.Add(new Step("websocket", "the connection is handed over after the handshake: no timeout, retry or mirror"));
        AddBefore(steps, route, request.IsWebSocket);
        AddRequestChanges(steps, request, table, route);
        if (!request.IsWebSocket)
            AddTimes(steps, route);
        var nowhere = targets.Where(t => t.Endpoints.IsEmpty).ToList();
        if (targets.All(t => t.LacksAuthority))
            return new Effect(steps.ToImmutable(), targets, 503, "503, upstream certificate authority is missing: nothing is sent to an endpoint that cannot be verified");
        if (nowhere.Count == targets.Length)
            return new Effect(steps.ToImmutable(), targets, 503, "503, no healthy upstream: no endpoint is ready");
        var outcome = nowhere.Count == 0
            ? "the endpoint's answer"
            : $"the endpoint's answer; 503, no healthy upstream, where {string.Join(", ", nowhere.Select(t => t.Cluster))} is chosen";
        return new Effect(steps.ToImmutable(), targets, null, route.Timeout > TimeSpan.Zero && !request.IsWebSocket ? $"{outcome}; 504 after {TableText.Duration(route.Timeout)}" : outcome);
    }

    private static string WhyNoWebSocket(Route route) => route.Rule is null
        ? "no rule was taken, and the mesh setting websockets is byRule"
        : "the rule that was taken says websocket_upgrade: false, or nothing while the mesh setting websockets is byRule";

    private static void AddBefore(ImmutableArray<Step>.Builder steps, Route route, bool isWebSocket)
    {
        if (route.Cors is { } cors && !isWebSocket)
            steps.Add(new Step("cors", $"for the origins {string.Join(", ", cors.AllowOrigins)}; their preflights are answered here"));
        if (route.Fault is not { } fault)
            return;
        if (fault.DelayPercent > 0)
            steps.Add(new Step("fault", $"{Percent(fault.DelayPercent)} of the requests wait {TableText.Duration(fault.Delay)} first"));
        if (fault.AbortPercent > 0)
            steps.Add(new Step("fault", $"{Percent(fault.AbortPercent)} of the requests get {fault.AbortStatus.ToString(CultureInfo.InvariantCulture)} and go no further"));
    }

    private static void AddRequestChanges(ImmutableArray<Step>.Builder steps, ExplainedRequest request, RouteTable table, Route route)
    {
        foreach (var header in route.AppendHeaders)
            steps.Add(new Step("append", $"{header.Name}: {header.Value}"));
        if (route.Rewrite?.Path is { } path)
            steps.Add(new Step("rewrite", $"{request.Target} becomes {PathRewrite.Rewrite(request.Target, route.Path, path)}"));
        if (route.Rewrite?.Authority is { } authority)
            steps.Add(new Step("host", authority));
        else if (route.Targets.Select(t => table.Clusters.TryGet(t.Cluster, out var cluster) ? cluster.Host : null).OfType<string>().Distinct().ToList() is { Count: > 0 } hosts)
            steps.Add(new Step("host", string.Join(" or ", hosts)));
        foreach (var spoken in route.Targets.Select(t => table.Clusters.TryGet(t.Cluster, out var cluster) ? Spoken(cluster, request) : null).OfType<string>().Distinct())
            steps.Add(new Step("protocol", spoken));
        if (route.MirrorCluster is { } mirror && !request.IsWebSocket)
            steps.Add(new Step("mirror", $"a copy to {mirror}, whose answer is dropped"));
    }

    /// <summary>What is spoken to the endpoints; null for what goes without saying.</summary>
    private static string? Spoken(Routing.Cluster cluster, ExplainedRequest request)
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
            var each = retry.PerTryTimeout is { } perTry ? $", each try at most {TableText.Duration(perTry)}" : "";
            steps.Add(new Step("retries", $"up to {retry.Attempts.ToString(CultureInfo.InvariantCulture)}{each}"));
        }
    }

    /// <summary>Says where else the path is: a host that one listener does not have may be on another, the most frequent surprise with TLS.</summary>
    private static Effect NotFound(RouteTable table, ExplainedRequest request, string why)
    {
        foreach (var other in table.Listeners.Where(l => l.Protocol != request.Scheme))
        {
            if (other.Hosts.Find(request.Authority)?.FindPath(request.Path) is { } entry)
                return Answer(404, $"{why}; {other.Name} has it: {entry.Origin}");
        }
        return Answer(404, why);
    }

    private static Effect Answer(int status, string why, params ImmutableArray<Step> steps) =>
        new(steps, [], status, $"{status.ToString(CultureInfo.InvariantCulture)}: {why}");

    private static string Percent(double percent) => string.Create(CultureInfo.InvariantCulture, $"{percent:0.######}%");
}
