using System.Collections.Immutable;

namespace Turnpike.Routing;

/// <summary>What became of one route when a request was matched.</summary>
public enum RouteVerdict
{
    /// <summary>All its conditions hold, and no route before it was taken.</summary>
    Taken,

    /// <summary>The request's path is another.</summary>
    PathDiffers,

    /// <summary>One of its conditions does not hold.</summary>
    ConditionFails,

    /// <summary>A route before it was taken.</summary>
    NotTried,
}

/// <param name="Failing">The first condition that does not hold, where that is the verdict.</param>
public readonly record struct RouteTrial(Route Route, RouteVerdict Verdict, Condition? Failing);

/// <summary>The way of one request through a table, by the matcher of the data plane. What was not found is null.</summary>
/// <param name="Trials">The routes that the entry can reach, each with the path that both match, in the order in which they are tried.</param>
public sealed record Explanation(VirtualHost? Host, PathEntry? Entry, ImmutableArray<RouteTrial> Trials)
{
    public Route? Taken => Trials.FirstOrDefault(l => l.Verdict == RouteVerdict.Taken).Route;

    /// <summary>Matches a request as a proxy would, and keeps what it looked at.</summary>
    /// <param name="hosts">Of the listener that the request comes in by.</param>
    /// <param name="request">What is matched besides headers.</param>
    /// <param name="headers">Of the request.</param>
    public static Explanation Of<THeaders>(VirtualHostSet hosts, in RequestKey request, THeaders headers)
        where THeaders : IRequestHeaders, allows ref struct
    {
        if (hosts.Find(request.Authority) is not { } host)
            return new Explanation(null, null, []);
        if (host.FindPath(request.Path) is not { } entry)
            return new Explanation(host, null, []);
        var taken = VirtualHost.FindRoute(entry, request, headers);
        var trials = ImmutableArray.CreateBuilder<RouteTrial>();
        var after = false;
        foreach (var (route, combined) in entry.Routes.Reachable(entry.Path))
        {
            var isTaken = ReferenceEquals(route, taken);
            trials.Add(after ? new RouteTrial(combined, RouteVerdict.NotTried, null) : Try(combined, isTaken, request, headers));
            after |= isTaken;
        }
        return new Explanation(host, entry, trials.ToImmutable());
    }

    private static RouteTrial Try<THeaders>(Route route, bool isTaken, in RequestKey request, THeaders headers)
        where THeaders : IRequestHeaders, allows ref struct
    {
        if (isTaken)
            return new RouteTrial(route, RouteVerdict.Taken, null);
        return route.Path.Matches(request.Path)
            ? new RouteTrial(route, RouteVerdict.ConditionFails, VirtualHost.FirstFailing(route, request, headers))
            : new RouteTrial(route, RouteVerdict.PathDiffers, null);
    }
}
