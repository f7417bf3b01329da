using System.Globalization;
using System.Text;
using Turnpike.Primitives;

namespace Turnpike.Routing;

/// <summary>
/// A table as text for people: everything that matters, in the order in which it is tried, and nothing that changes from run to
/// run. No key material.
/// </summary>
public static class TableText
{
    // A route stands under each path that leads to it, which is what a reader wants and what would make a large table's text endless.
    private const int MaxRoutes = 20_000;

    public static string Write(RouteTable table)
    {
        var text = new StringBuilder();
        var left = MaxRoutes;
        foreach (var listener in table.Listeners)
            WriteListener(text, listener, ref left);
        if (!table.Certificates.IsEmpty)
        {
            text.Append("certificates\n");
            foreach (var certificate in table.Certificates)
                text.Append(CultureInfo.InvariantCulture, $"  {(certificate.IsNone ? "no certificate" : certificate.Name)} for {(certificate.Hosts.IsEmpty ? "any other host" : string.Join(", ", certificate.Hosts))}\n");
        }
        if (!table.Clusters.All.IsEmpty)
        {
            text.Append("clusters\n");
            foreach (var cluster in table.Clusters.All)
                WriteCluster(text, cluster);
        }
        if (!table.Settings.TrustedCidrs.IsEmpty)
            text.Append(CultureInfo.InvariantCulture, $"trusted {string.Join(", ", table.Settings.TrustedCidrs)}\n");
        if (table.Settings.Limits.Effective() is var (connections, pending, requests, retries) && table.Settings.Limits != CircuitLimits.Default)
            text.Append(CultureInfo.InvariantCulture, $"limits connections {Limit(connections)}, pending {Limit(pending)}, requests {Limit(requests)}, retries {Limit(retries)}\n");
        return text.ToString();
    }

    /// <summary><c>3s</c>, <c>1500ms</c>, <c>none</c>.</summary>
    public static string Duration(TimeSpan span) => span == TimeSpan.Zero
        ? "none"
        : span.Ticks % TimeSpan.TicksPerSecond == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{span.Ticks / TimeSpan.TicksPerSecond}s")
            : string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:0.####}ms");

    /// <summary>What a route does, as phrases.</summary>
    public static IEnumerable<string> Describe(Route route)
    {
        if (route.Redirect is { } redirect)
            yield return string.Create(CultureInfo.InvariantCulture, $"redirect {redirect.Status} to {redirect.Scheme ?? "scheme"}://{redirect.Authority ?? "host"}{(redirect.Port == 0 ? "" : $":{redirect.Port}")}{redirect.Path ?? "/path"}");
        if (route.DirectResponse is { } response)
            yield return string.Create(CultureInfo.InvariantCulture, $"respond {response.Status} {response.Text}");
        if (!route.Targets.IsEmpty)
            yield return "to " + string.Join(" + ", route.Targets.Select(t => route.Targets.Length == 1 ? t.Cluster : string.Create(CultureInfo.InvariantCulture, $"{t.Weight}% {t.Cluster}")));
        var forwards = route.Redirect is null && route.DirectResponse is null;
        if (forwards)
            yield return $"timeout {Duration(route.Timeout)}";
        if (route.Retry is { } retry)
            yield return string.Create(CultureInfo.InvariantCulture, $"retry {retry.Attempts}") + (retry.PerTryTimeout is { } each ? $" each {Duration(each)}" : "");
        if (route.Rewrite is { } rewrite)
            yield return "rewrite" + (rewrite.Authority is null ? "" : $" host {rewrite.Authority}") + (rewrite.Path is null ? "" : $" path {rewrite.Path}");
        if (route.MirrorCluster is { } mirror)
            yield return $"mirror {mirror}";
        if (route.Fault is { } fault)
        {
            if (fault.DelayPercent > 0)
                yield return string.Create(CultureInfo.InvariantCulture, $"delay {fault.DelayPercent}% by {Duration(fault.Delay)}");
            if (fault.AbortPercent > 0)
                yield return string.Create(CultureInfo.InvariantCulture, $"abort {fault.AbortPercent}% with {fault.AbortStatus}");
        }
        if (route.Cors is { } cors)
            yield return $"cors {string.Join(' ', cors.AllowOrigins)}";
        foreach (var header in route.AppendHeaders)
            yield return $"append {header.Name}: {header.Value}";
        if (forwards && !route.AllowWebSocket)
            yield return "no websocket";
    }

    /// <summary>How a cluster's endpoints are spoken to over TLS.</summary>
    public static string Describe(UpstreamTls tls) =>
        $"tls to {tls.ServerName} ({(tls.IsVerified ? $"verified by {tls.Authority ?? "the certificates in the table"}" : "not verified")})";

    private static string Limit(int limit) => limit == int.MaxValue ? "unlimited" : limit.ToString(CultureInfo.InvariantCulture);

    private static void WriteListener(StringBuilder text, Listener listener, ref int left)
    {
        // The listeners of an ingress are there in every table, whether or not something is served on them.
        if (listener.Hosts.All.IsEmpty && listener.Protocol is ListenerProtocols.Http or ListenerProtocols.Https)
            return;
        text.Append(CultureInfo.InvariantCulture, $"listener {listener.Name}");
        if (listener.Protocol != listener.Name)
            text.Append(CultureInfo.InvariantCulture, $" protocol {listener.Protocol}");
        if (listener.Port != 0)
            text.Append(CultureInfo.InvariantCulture, $" port {listener.Port}");
        text.Append('\n');
        foreach (var host in listener.Hosts.All)
        {
            text.Append(CultureInfo.InvariantCulture, $"  host {host.Domain}\n");
            foreach (var entry in host.Paths)
            {
                text.Append(CultureInfo.InvariantCulture, $"    {entry.Path}    ({entry.Origin}){(entry.FallsThrough ? " falls through" : "")}\n");
                if (left <= 0)
                {
                    text.Append(CultureInfo.InvariantCulture, $"      routes of {entry.Routes.Name}: left out, this text shows {MaxRoutes}\n");
                    continue;
                }
                foreach (var route in entry.Routes.Under(entry.Path))
                {
                    WriteRoute(text, entry, route);
                    left--;
                }
            }
        }
    }

    private static void WriteRoute(StringBuilder text, PathEntry entry, Route route)
    {
        text.Append("      ");
        text.Append(route.Rule ?? "no rule");
        if (route.Precedence != 0)
            text.Append(CultureInfo.InvariantCulture, $" precedence {route.Precedence}");
        var conditions = route.Conditions.Select(c => c.ToString()).ToList();
        if (route.Path != entry.Path)
            conditions.Insert(0, route.Path.ToString());
        if (conditions.Count > 0)
            text.Append(CultureInfo.InvariantCulture, $" if {string.Join(" and ", conditions)}");
        text.Append(CultureInfo.InvariantCulture, $": {string.Join("; ", Describe(route))}\n");
    }

    private static void WriteCluster(StringBuilder text, Cluster cluster)
    {
        text.Append(CultureInfo.InvariantCulture, $"  {cluster.Name}");
        if (cluster.Protocol != UpstreamProtocol.Http1)
            text.Append(" http2");
        if (cluster.Tls is { } tls)
            text.Append(CultureInfo.InvariantCulture, $" {Describe(tls)}");
        if (cluster.LoadBalancing != LoadBalancing.RoundRobin)
            text.Append(CultureInfo.InvariantCulture, $" {cluster.LoadBalancing}");
        if (cluster.Host is not null)
            text.Append(CultureInfo.InvariantCulture, $" host {cluster.Host}");
        text.Append(CultureInfo.InvariantCulture, $": {(cluster.LacksAuthority ? "nothing is sent, its certificate authority is missing" : cluster.Endpoints.IsEmpty ? "no endpoint" : string.Join(", ", cluster.Endpoints))}\n");
    }
}
