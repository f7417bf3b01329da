using System.Globalization;
using System.Text;
using Turnpike.Primitives;

namespace Turnpike.Routing;

/// <summary>
/// Writes a table as text for people: everything that matters, in the order in which it is tried, and nothing that changes from run to
/// run. The text holds no key.
/// </summary>
public static class TableText
{
    // A route is written under each path that leads to it. Readers want that, but a large table needs a limit.
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
            {
                var name = certificate.IsNone ? "no certificate" : certificate.Name;
                var hosts = certificate.Hosts.IsEmpty ? "any other host" : string.Join(", ", certificate.Hosts);
                text.Append(CultureInfo.InvariantCulture, $"  {name} for {hosts}\n");
            }
        }
        if (!table.Clusters.All.IsEmpty)
        {
            text.Append("clusters\n");
            foreach (var cluster in table.Clusters.All)
                WriteCluster(text, cluster);
        }
        if (!table.Settings.TrustedCidrs.IsEmpty)
            text.Append(CultureInfo.InvariantCulture, $"trusted {string.Join(", ", table.Settings.TrustedCidrs)}\n");
        if (table.Settings.Limits is var limits && limits != CircuitLimits.Default)
        {
            var (connections, pending, requests, retries) = limits.Effective();
            text.Append(CultureInfo.InvariantCulture, $"limits connections {Limit(connections)}, pending {Limit(pending)}, ");
            text.Append(CultureInfo.InvariantCulture, $"requests {Limit(requests)}, retries {Limit(retries)}\n");
        }
        return text.ToString();
    }

    /// <summary>Returns a time as text, such as <c>3s</c>, <c>1500ms</c>, or <c>none</c> for zero.</summary>
    public static string Duration(TimeSpan span) => span == TimeSpan.Zero
        ? "none"
        : span.Ticks % TimeSpan.TicksPerSecond == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{span.Ticks / TimeSpan.TicksPerSecond}s")
            : string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:0.####}ms");

    /// <summary>Returns what a route does, as phrases.</summary>
    public static IEnumerable<string> Describe(Route route)
    {
        if (route.Redirect is { } redirect)
        {
            var port = redirect.Port == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $":{redirect.Port}");
            var location = $"{redirect.Scheme ?? "scheme"}://{redirect.Authority ?? "host"}{port}{redirect.Path ?? "/path"}";
            yield return string.Create(CultureInfo.InvariantCulture, $"redirect {redirect.Status} to {location}");
        }
        if (route.DirectResponse is { } response)
            yield return string.Create(CultureInfo.InvariantCulture, $"respond {response.Status} {response.Text}");
        if (!route.Targets.IsEmpty)
            yield return "to " + string.Join(" + ", route.Targets.Select(t => Share(t, isAlone: route.Targets.Length == 1)));
        var forwards = route.Redirect is null && route.DirectResponse is null;
        if (forwards)
            yield return $"timeout {Duration(route.Timeout)}";
        if (route.Retry is { } retry)
        {
            var each = retry.PerTryTimeout is { } limit ? $" each {Duration(limit)}" : "";
            yield return string.Create(CultureInfo.InvariantCulture, $"retry {retry.Attempts}{each}");
        }
        if (route.Rewrite is { } rewrite)
        {
            var host = rewrite.Authority is null ? "" : $" host {rewrite.Authority}";
            yield return $"rewrite{host}{(rewrite.Path is null ? "" : $" path {rewrite.Path}")}";
        }
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

    /// <summary>Returns a description of how a proxy speaks TLS to endpoints.</summary>
    public static string Describe(UpstreamTls tls)
    {
        var verified = tls.IsVerified ? $"verified by {tls.Authority ?? "the certificates in the table"}" : "not verified";
        return $"tls to {tls.ServerName} ({verified})";
    }

    private static string Share(WeightedCluster target, bool isAlone) =>
        isAlone ? target.Cluster : string.Create(CultureInfo.InvariantCulture, $"{target.Weight}% {target.Cluster}");

    private static string Limit(int limit) => limit == int.MaxValue ? "unlimited" : limit.ToString(CultureInfo.InvariantCulture);

    private static void WriteListener(StringBuilder text, Listener listener, ref int left)
    {
        // The listeners of an ingress are in each table, whether or not something is served on them.
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
                var fallsThrough = entry.FallsThrough ? " falls through" : "";
                text.Append(CultureInfo.InvariantCulture, $"    {entry.Path}    ({entry.Origin}){fallsThrough}\n");
                if (left <= 0)
                {
                    text.Append(CultureInfo.InvariantCulture, $"      routes of {entry.Routes.Name}: ");
                    text.Append(CultureInfo.InvariantCulture, $"left out, this text shows {MaxRoutes}\n");
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
        var endpoints = cluster switch
        {
            { LacksAuthority: true } => "nothing is sent, its certificate authority is missing",
            { Endpoints.IsEmpty: true } => "no endpoint",
            _ => string.Join(", ", cluster.Endpoints),
        };
        text.Append(CultureInfo.InvariantCulture, $": {endpoints}\n");
    }
}
