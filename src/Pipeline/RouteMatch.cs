using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>How far a request got in the table. What was not found is null.</summary>
internal readonly record struct RouteMatch(VirtualHost? Host, PathEntry? Entry, Route? Route)
{
    // Long enough to recognise the address, short enough for a line.
    private const int MaxPath = 200;

    public static RouteMatch Of(VirtualHostSet hosts, RequestHead request)
    {
        if (hosts.Find(request.Authority) is not { } host)
            return default;
        var path = PathOf(request);
        if (host.FindPath(path) is not { } entry)
            return new RouteMatch(host, null, null);
        var key = new RequestKey(request.Method, request.Scheme, request.Authority, path);
        return new RouteMatch(host, entry, VirtualHost.FindRoute(entry, key, new HeaderView(request.Headers)));
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
