using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>How far a request got in the table. What was not found is null.</summary>
internal readonly record struct RouteMatch(VirtualHost? Host, PathEntry? Entry, Route? Route)
{
    // Long enough to recognise the address, short enough for a line.
    private const int MaxPath = 200;

    public static RouteMatch Of(VirtualHostSet hosts, RequestHead request)
    {
        var key = request.ToKey();
        if (hosts.Find(key.Authority) is not { } host)
            return default;
        var route = host.Find(key, new HeaderView(request.Headers), out var entry);
        return new RouteMatch(host, entry, route);
    }

    /// <summary>Why there is no route, in a line for the client: what it asked for, and nothing of the table.</summary>
    public string WhyNot(RequestHead request)
    {
        var host = QuotedText.Of(VirtualHostSet.HostOf(request.Authority), 255);
        return Host is null
            ? $"no route for host {host}"
            : $"no {(Entry is null ? "path" : "route")} for {QuotedText.Of(PathOf(request), MaxPath)} under host {host}";
    }

    private static ReadOnlySpan<char> PathOf(RequestHead request) => request.Target.AsSpan(0, PathRewrite.PathLength(request.Target));
}
