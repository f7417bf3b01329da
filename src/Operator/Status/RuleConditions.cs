using System.Globalization;
using Turnpike.Compiler;
using Turnpike.Discovery;

namespace Turnpike.Operator.Status;

/// <summary>What is to be said of a RouteRule: pure.</summary>
internal static class RuleConditions
{
    /// <param name="diagnostics">All that was found about this rule.</param>
    /// <param name="proxies">Connected ingress proxies.</param>
    /// <param name="inForce">Whether a proxy has this version of the rule in force.</param>
    public static IReadOnlyList<Condition> Of(IReadOnlyList<Diagnostic> diagnostics, IReadOnlyCollection<ConnectedProxy> proxies, Func<ConnectedProxy, bool> inForce)
    {
        var accepted = Accepted(diagnostics);
        return [accepted, ResolvedRefs(diagnostics), Conflicted(diagnostics), Programmed(accepted, proxies, inForce)];
    }

    private static Condition Accepted(IReadOnlyList<Diagnostic> diagnostics)
    {
        var faults = diagnostics.Where(d => d.Reason is DiagnosticReasons.Invalid or DiagnosticReasons.NotPermitted && d.Severity == DiagnosticSeverity.Error).ToList();
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

    private static Condition Programmed(Condition accepted, IReadOnlyCollection<ConnectedProxy> proxies, Func<ConnectedProxy, bool> inForce)
    {
        if (accepted.IsTrue != true)
            return new Condition("Programmed", false, "NotAccepted", "a rule that is not accepted is not in force; its last good version, if there was one, stays");
        var have = proxies.Count(inForce);
        var text = string.Create(CultureInfo.InvariantCulture, $"{have} of {proxies.Count} proxies have it in force");
        if (proxies.Count == 0)
            return new Condition("Programmed", null, "NoProxy", "no ingress proxy is connected");
        if (have == proxies.Count)
            return new Condition("Programmed", true, "Programmed", text);
        var refusal = proxies.FirstOrDefault(p => p.Error is not null);
        return new Condition("Programmed", false, refusal is null ? "Pending" : "Refused", refusal is null ? text : $"{text}; {refusal.Pod}: {refusal.Error}");
    }

    private static string Join(IEnumerable<Diagnostic> diagnostics) => string.Join("; ", diagnostics.Select(d => d.Message));
}
