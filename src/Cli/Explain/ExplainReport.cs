using System.Collections.Immutable;
using Turnpike.Compiler;
using Turnpike.Routing;

namespace Turnpike.Cli.Explain;

/// <summary>A RouteRule that was tried.</summary>
/// <param name="Rule">The rule; null for the route of a request that no rule matches.</param>
/// <param name="Taken">Whether its route is taken.</param>
/// <param name="Reason">The conditions that it has if it is taken, otherwise the reason why it is not.</param>
internal sealed record RuleTrial(string? Rule, bool Taken, string Reason);

/// <summary>One step of the pipeline.</summary>
/// <param name="What">A word such as <c>timeout</c>.</param>
/// <param name="Text">The effect of the step.</param>
internal sealed record Step(string What, string Text);

/// <summary>A destination of a share of the requests.</summary>
internal sealed record Target(string Cluster, int Weight, ImmutableArray<Endpoint> Endpoints)
{
    /// <summary>See <see cref="Routing.Cluster.LacksAuthority"/>.</summary>
    public bool LacksAuthority { get; init; }
}

/// <summary>The explanation of one request.</summary>
/// <param name="Request">The request.</param>
/// <param name="Source">The table and its origin.</param>
/// <param name="Way">The match of the request.</param>
/// <param name="Certificate">The certificate on the TLS listener as <c>namespace/secret</c>; null if the handshake is refused.</param>
/// <param name="Rules">The rules that were tried, and those that are not in the table.</param>
/// <param name="Steps">The steps of the pipeline in their order.</param>
/// <param name="Targets">The destinations.</param>
/// <param name="Status">The status if the response is always a local reply; otherwise null.</param>
/// <param name="Outcome">The response, on one line.</param>
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
    /// <summary>The name of the listener that receives the request.</summary>
    public required string Listener { get; init; }

    public static ExplainReport Of(ExplainedRequest request, ExplainSource source)
    {
        var table = source.Table;
        var encoded = new EncodedRequest(request);
        // A scheme has the name of its protocol. A table without a listener for it serves no such request.
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
        var trials = way.Trials.Select(trial =>
            new RuleTrial(trial.Route.Rule, trial.Verdict == RouteVerdict.Taken, Reason(trial, request)));
        var missing = source.Snapshot is { } snapshot
            ? MissingRules.Of(snapshot, source.Diagnostics, entry).Select(m => new RuleTrial(m.Rule, false, m.Why))
            : [];
        return [.. trials, .. missing];
    }

    private static string Reason(RouteTrial trial, ExplainedRequest request) => trial.Verdict switch
    {
        RouteVerdict.Taken => Needs(trial.Route, trial.Entry),
        RouteVerdict.PathDiffers => $"skipped: it matches {trial.Route.Path}",
        RouteVerdict.ConditionFails => $"skipped: {trial.Failing} does not hold, {Actual(trial.Failing!, request)}",
        _ => "not tried: an earlier route was taken",
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
