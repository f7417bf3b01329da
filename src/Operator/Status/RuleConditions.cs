using System.Globalization;
using Turnpike.Compiler;
using Turnpike.Discovery;

namespace Turnpike.Operator.Status;

/// <summary>The conditions of a RouteRule, as a pure function of diagnostics and proxies.</summary>
internal static class RuleConditions
{
    /// <param name="diagnostics">All diagnostics of this rule.</param>
    /// <param name="fleet">The connected ingress proxies, and the replicas whose proxies are not known.</param>
    /// <param name="inForce">Returns whether a proxy has this version of the rule in force.</param>
    public static IReadOnlyList<StatusCondition> Of(
        IReadOnlyList<Diagnostic> diagnostics, Fleet fleet, Func<ConnectedProxy, bool> inForce)
    {
        var accepted = Accepted(diagnostics);
        return [accepted, ResolvedRefs(diagnostics), Conflicted(diagnostics), Programmed(accepted, fleet, inForce)];
    }

    private static StatusCondition Accepted(IReadOnlyList<Diagnostic> diagnostics)
    {
        var faults = diagnostics
            .Where(d => d.Severity == DiagnosticSeverity.Error)
            .Where(d => d.Reason is DiagnosticReasons.Invalid or DiagnosticReasons.NotPermitted or DiagnosticReasons.LimitExceeded)
            .ToList();
        return faults.Count == 0
            ? new StatusCondition("Accepted", true, "Accepted", "the rule is valid and may govern its destination")
            : new StatusCondition("Accepted", false, faults[0].Reason, Join(faults));
    }

    private static StatusCondition ResolvedRefs(IReadOnlyList<Diagnostic> diagnostics)
    {
        var missing = diagnostics.Where(d => d.Reason == DiagnosticReasons.DestinationNotFound).ToList();
        return missing.Count == 0
            ? new StatusCondition("ResolvedRefs", true, "ResolvedRefs", "every service that the rule names exists")
            : new StatusCondition("ResolvedRefs", false, missing[0].Reason, Join(missing));
    }

    private static StatusCondition Conflicted(IReadOnlyList<Diagnostic> diagnostics)
    {
        var hidden = diagnostics.FirstOrDefault(d => d.Reason == DiagnosticReasons.NeverReached);
        return hidden is null
            ? new StatusCondition("Conflicted", false, "NoConflict", "no other rule takes all requests of this one")
            : new StatusCondition("Conflicted", true, hidden.Reason, hidden.Message);
    }

    private static StatusCondition Programmed(StatusCondition accepted, Fleet fleet, Func<ConnectedProxy, bool> inForce)
    {
        if (accepted.IsTrue != true)
        {
            const string Message = "the rule is not accepted; its last good version, if there is one, stays in force";
            return new StatusCondition("Programmed", false, "NotAccepted", Message);
        }
        var proxies = fleet.Proxies;
        var have = proxies.Count(inForce);
        var text = string.Create(CultureInfo.InvariantCulture, $"{have} of {proxies.Count} proxies have it in force");
        if (have < proxies.Count)
        {
            var refusal = proxies.FirstOrDefault(p => p.Error is not null && !inForce(p));
            // The proxy's error may name objects of other namespaces, so it is shown only to those who may read the installation's status.
            return refusal is null
                ? new StatusCondition("Programmed", false, "Pending", text)
                : new StatusCondition("Programmed", false, "Refused", $"{text}; {refusal.Pod} refuses its table, see turnpike status");
        }
        if (fleet.Unreachable.Count > 0)
            return new StatusCondition("Programmed", null, "ReplicaUnreachable", $"{text}; {Unknown(fleet.Unreachable)}");
        return proxies.Count == 0
            ? new StatusCondition("Programmed", null, "NoProxy", "no ingress proxy is connected")
            : new StatusCondition("Programmed", true, "Programmed", text);
    }

    private static string Unknown(IReadOnlyList<string> replicas) => replicas.Count == 1
        ? $"the proxies of operator replica {replicas[0]} are unknown, as the leader cannot reach it"
        : $"the proxies of operator replicas {string.Join(", ", replicas)} are unknown, as the leader cannot reach them";

    private static string Join(IEnumerable<Diagnostic> diagnostics) => string.Join("; ", diagnostics.Select(d => d.Message));
}
