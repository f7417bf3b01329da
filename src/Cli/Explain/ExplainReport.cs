using System.Collections.Immutable;
using Turnpike.Compiler;
using Turnpike.Routing;

namespace Turnpike.Cli.Explain;

/// <summary>A RouteRule that was looked at; null stands for what happens where no rule applies.</summary>
/// <param name="Taken">Whether its route is the one.</param>
/// <param name="Reason">Why it was passed over; what it needs where it was taken.</param>
internal sealed record RuleTrial(string? Rule, bool Taken, string Reason);

/// <summary>A part of what happens to the request, in the order in which it happens.</summary>
/// <param name="What">A word such as <c>timeout</c>.</param>
internal sealed record Step(string What, string Text);

/// <summary>Where a share of the requests goes.</summary>
internal sealed record Target(string Cluster, int Weight, ImmutableArray<Endpoint> Endpoints)
{
    /// <summary>See <see cref="Routing.Cluster.LacksAuthority"/>.</summary>
    public bool LacksAuthority { get; init; }
}

/// <summary>All that is to be said of one request, for the printers.</summary>
/// <param name="Outcome">One line: what the client gets.</param>
/// <param name="Status">Where the proxy always answers by itself; else null.</param>
/// <param name="Certificate">On the TLS listener: <c>namespace/secret</c>, null where the handshake is refused.</param>
internal sealed record ExplainReport(
    ExplainedRequest Request,
    ExplainSource Source,
    Explanation Way,
    string? Certificate,
    ImmutableArray<RuleTrial> Rules,
    ImmutableArray<Step> Steps,
    ImmutableArray<Target> Targets,
    int? Status,
    string Outcome)
{
    /// <summary>The name of the listener that the request comes in by.</summary>
    public required string Listener { get; init; }

    public static ExplainReport Of(ExplainedRequest request, ExplainSource source)
    {
        var table = source.Table;
        var encoded = new EncodedRequest(request);
        // A scheme has the name of the protocol that carries it. A table without a listener for it serves it to nobody.
        var listener = table.Listeners.FirstOrDefault(l => l.Protocol == request.Scheme);
        var way = Explanation.Of(listener?.Hosts ?? VirtualHostSet.Empty, encoded.Key, encoded);
        var certificate = CertificateFor(request, table);
        var effect = request.Scheme == "https" && certificate is null ? Effect.NoHandshake(request) : Effect.Of(request, table, way);
        var trials = RuleTrials(request, source, way);
        return new ExplainReport(request, source, way, certificate, trials, effect.Steps, effect.Targets, effect.Status, effect.Outcome)
        {
            Listener = listener?.Name ?? request.Scheme,
        };
    }

    private static string? CertificateFor(ExplainedRequest request, RouteTable table)
    {
        if (request.Scheme != "https")
            return null;
        var names = new ServerNames<Certificate>();
        foreach (var certificate in table.Certificates)
            names.Add(certificate.Hosts, certificate);
        return names.Find(VirtualHostSet.HostOf(request.Authority)) is { IsNone: false } found ? found.Name : null;
    }

    private static ImmutableArray<RuleTrial> RuleTrials(ExplainedRequest request, ExplainSource source, Explanation way)
    {
        if (way.Entry is not { } entry)
            return [];
        var trials = way.Trials.Select(trial => new RuleTrial(trial.Route.Rule, trial.Verdict == RouteVerdict.Taken, Reason(trial, request)));
        var missing = source.Snapshot is { } snapshot
            ? MissingRules.Of(snapshot, source.Diagnostics, entry).Select(m => new RuleTrial(m.Rule, false, m.Why))
            : [];
        return [.. trials, .. missing];
    }

    private static string Reason(RouteTrial trial, ExplainedRequest request) => trial.Verdict switch
    {
        RouteVerdict.Taken => Needs(trial.Route, trial.Entry),
        RouteVerdict.PathDiffers => $"passed over: it takes {trial.Route.Path}",
        RouteVerdict.ConditionFails => $"passed over: {trial.Failing} does not hold, {Actual(trial.Failing!, request)}",
        _ => "not asked: a route before it was taken",
    };

    private static string Needs(Route route, PathEntry entry)
    {
        var needs = route.Conditions.Select(c => c.ToString()).ToList();
        if (route.Path != entry.Path)
            needs.Insert(0, route.Path.ToString());
        return needs.Count == 0 ? "taken" : $"taken: {string.Join(" and ", needs)}";
    }

    private static string Actual(Condition condition, ExplainedRequest request) => condition.Target switch
    {
        ConditionTarget.Path => $"the path is {request.Path}",
        ConditionTarget.Method => $"the method is {request.Method}",
        ConditionTarget.Scheme => $"the scheme is {request.Scheme}",
        ConditionTarget.Authority => $"the host is {request.Authority}",
        ConditionTarget.QueryParameter => $"the target is {request.Target}",
        _ => request.Combined(condition.Name) is { } value ? $"its value is {value}" : "the request does not have it",
    };
}
