using System.Collections.Immutable;

namespace Turnpike.Routing;

/// <summary>The result for one route when a request is matched.</summary>
public enum RouteVerdict
{
    /// <summary>All its conditions hold, and no route before it was taken.</summary>
    Taken,

    /// <summary>The path of the request does not match.</summary>
    PathDiffers,

    /// <summary>One of its conditions does not hold.</summary>
    ConditionFails,

    /// <summary>A route before it was taken.</summary>
    NotTried,
}

/// <summary>A route that a request was matched with, and the result.</summary>
/// <param name="Entry">The entry that leads to the route.</param>
/// <param name="Route">The route, with the path that both it and the entry match.</param>
/// <param name="Verdict">The result.</param>
/// <param name="Failing">The first condition that does not hold, when that is the verdict.</param>
public readonly record struct RouteTrial(PathEntry Entry, Route Route, RouteVerdict Verdict, Condition? Failing);

/// <summary>The way of one request through a table, found by the matcher of the data plane.</summary>
/// <param name="Host">The virtual host, or null when there is none.</param>
/// <param name="Entry">The entry that was tried last, or null when no path fits.</param>
/// <param name="Trials">The routes that the entries can reach, in the order in which they are tried.</param>
public sealed record Explanation(VirtualHost? Host, PathEntry? Entry, ImmutableArray<RouteTrial> Trials)
{
    /// <summary>The route that takes the request, or null.</summary>
    public Route? Taken => Trials.FirstOrDefault(t => t.Verdict == RouteVerdict.Taken).Route;

    /// <summary>Matches a request as a proxy does, and records the result for each route.</summary>
    /// <param name="hosts">The hosts of the listener that the request arrives at.</param>
    /// <param name="request">The parts of the request that are matched besides its headers.</param>
    /// <param name="headers">The headers of the request.</param>
    public static Explanation Of<THeaders>(VirtualHostSet hosts, in RequestKey request, THeaders headers)
        where THeaders : IRequestHeaders, allows ref struct
    {
        if (hosts.Find(request.Authority) is not { } host)
            return new Explanation(null, null, []);
        var taken = host.Find(request, headers, out var last);
        var trials = ImmutableArray.CreateBuilder<RouteTrial>();
        var after = false;
        foreach (var entry in host.EntriesFor(request.Path))
        {
            foreach (var (route, combined) in entry.Routes.Reachable(entry.Path))
            {
                // Several entries may share a list; only the last of them took the route.
                var isTaken = ReferenceEquals(route, taken) && ReferenceEquals(entry, last);
                trials.Add(after
                    ? new RouteTrial(entry, combined, RouteVerdict.NotTried, null)
                    : Try(entry, combined, isTaken, request, headers));
                after |= isTaken;
            }
            if (ReferenceEquals(entry, last))
                break;
        }
        return new Explanation(host, last, trials.ToImmutable());
    }

    private static RouteTrial Try<THeaders>(PathEntry entry, Route route, bool isTaken, in RequestKey request, THeaders headers)
        where THeaders : IRequestHeaders, allows ref struct
    {
        if (isTaken)
            return new RouteTrial(entry, route, RouteVerdict.Taken, null);
        return route.Path.Matches(request.Path)
            ? new RouteTrial(entry, route, RouteVerdict.ConditionFails, RouteList.FirstFailing(route, request, headers))
            : new RouteTrial(entry, route, RouteVerdict.PathDiffers, null);
    }
}
