using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>The virtual host, path entry and route that a request matched. Those that were not found are null.</summary>
internal readonly record struct RouteMatch(VirtualHost? Host, PathEntry? Entry, Route? Route)
{
    private const int MaxHost = 255;

    // This is long enough to recognise the address, and short enough for a line.
    private const int MaxPath = 200;

    public static RouteMatch Of(VirtualHostSet hosts, RequestHead request)
    {
        var key = request.Key;
        if (hosts.Find(key.Authority) is not { } host)
            return default;
        var route = host.Find(key, new HeaderView(request.Headers), out var entry);
        return new RouteMatch(host, entry, route);
    }

    /// <summary>Says in a line for the client why there is no route: what the client asked for, and nothing of the table.</summary>
    public string WhyNot(RequestHead request)
    {
        var key = request.Key;
        var host = QuotedText.Of(VirtualHostSet.HostOf(key.Authority), MaxHost);
        return Host is null
            ? $"no route for host {host}"
            : $"no {(Entry is null ? "path" : "route")} for {QuotedText.Of(key.Path, MaxPath)} under host {host}";
    }
}
