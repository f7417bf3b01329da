using System.Globalization;
using Turnpike.Compiler;
using Turnpike.Discovery;

namespace Turnpike.Operator.Status;

/// <summary>What is to be said of a RouteRule: pure.</summary>
internal static class RuleConditions
{
    /// <param name="diagnostics">All that was found about this rule.</param>
    /// <param name="fleet">Connected ingress proxies, and who could not be asked for more.</param>
    /// <param name="inForce">Whether a proxy has this version of the rule in force.</param>
    public static IReadOnlyList<Condition> Of(IReadOnlyList<Diagnostic> diagnostics, Fleet fleet, Func<ConnectedProxy, bool> inForce)
    {
        var accepted = Accepted(diagnostics);
        return [accepted, ResolvedRefs(diagnostics), Conflicted(diagnostics), Programmed(accepted, fleet, inForce)];
    }

    private static Condition Accepted(IReadOnlyList<Diagnostic> diagnostics)
    {
        var faults = diagnostics.Where(d => d.Reason is DiagnosticReasons.Invalid or DiagnosticReasons.NotPermitted or DiagnosticReasons.LimitExceeded && d.Severity == DiagnosticSeverity.Error).ToList();
        return faults.Count == 0
            ? new Condition("Accepted", true, "Accepted", "the rule is valid and may govern its destination")
            : new Condition("Accepted", false, faults[0].Reason, Join(faults));
    }

    private static Condition ResolvedRefs(IReadOnlyList<Diagnostic> diagnostics)
    {
        var missing = diagnostics.Where(d => d.Reason == DiagnosticReasons.DestinationNotFound).ToList();
        return missing.Count == 0
            ? new Condition("ResolvedRefs", true, "ResolvedRefs", "every service that the rule names is there")
            : new Condition("ResolvedRefs", false, missing[0].Reason, Join(missing));
    }

    private static Condition Conflicted(IReadOnlyList<Diagnostic> diagnostics)
    {
        var hidden = diagnostics.FirstOrDefault(d => d.Reason == DiagnosticReasons.NeverReached);
        return hidden is null
            ? new Condition("Conflicted", false, "NoConflict", "no other rule takes all of its requests")
            : new Condition("Conflicted", true, hidden.Reason, hidden.Message);
    }

    private static Condition Programmed(Condition accepted, Fleet fleet, Func<ConnectedProxy, bool> inForce)
    {
        if (accepted.IsTrue != true)
            return new Condition("Programmed", false, "NotAccepted", "a rule that is not accepted is not in force; its last good version, if there was one, stays");
        var proxies = fleet.Proxies;
        var have = proxies.Count(inForce);
        var text = string.Create(CultureInfo.InvariantCulture, $"{have} of {proxies.Count} proxies have it in force");
        if (have < proxies.Count)
        {
            var refusal = proxies.FirstOrDefault(p => p.Error is not null && !inForce(p));
            // What it says of its table may speak of anybody's objects: that is for those who may ask for the status of the installation.
            return new Condition("Programmed", false, refusal is null ? "Pending" : "Refused", refusal is null ? text : $"{text}; {refusal.Pod} refuses its table, turnpike status says why");
        }
        if (fleet.Unreachable.Count > 0)
            return new Condition("Programmed", null, "ReplicaUnreachable", $"{text}; whether more lack it is not known, because {Silent(fleet.Unreachable)} cannot be asked for the proxies connected there");
        return proxies.Count == 0
            ? new Condition("Programmed", null, "NoProxy", "no ingress proxy is connected")
            : new Condition("Programmed", true, "Programmed", text);
    }

    private static string Silent(IReadOnlyList<string> replicas) =>
        replicas.Count == 1 ? $"replica {replicas[0]} of the operator" : $"replicas {string.Join(", ", replicas)} of the operator";

    private static string Join(IEnumerable<Diagnostic> diagnostics) => string.Join("; ", diagnostics.Select(d => d.Message));
}
