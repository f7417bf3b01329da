using Turnpike.Api;
using Turnpike.Compiler;
using Turnpike.Discovery;
using Turnpike.Operator.Status;
using Turnpike.Reading;

namespace Turnpike.Tests.Operator;

public sealed class RuleConditionsTests
{
    private static readonly ConnectedProxy Ready = new("ingress-1", "istio-system", "0.1.0", "new", null);
    private static readonly ConnectedProxy Behind = new("ingress-2", "istio-system", "0.1.0", "old", null);

    [Fact]
    public void Programmed_WhenEveryProxyHasIt()
    {
        Assert.Equal((true, "1 of 1 proxies have it in force"), Programmed([], Ready));
        Assert.Equal((false, "1 of 2 proxies have it in force"), Programmed([], Ready, Behind));
        Assert.Equal((null, "no ingress proxy is connected"), Programmed([]));
    }

    [Fact]
    public void Programmed_NamesTheProxyThatRefused_NotWhatItSaysOfOthers()
    {
        var (status, message) = Programmed([], Ready, Behind with { Error = "cannot be read" });
        Assert.False(status);
        Assert.Equal("1 of 2 proxies have it in force; ingress-2 refuses its table, see turnpike status", message);
    }

    [Fact]
    public void UnreachableReplica_MakesProgrammedUnknown_UnlessAProxyLacksTheRule()
    {
        var (status, message) = Programmed(new Fleet([Ready], true, ["operator-1", "operator-2"]));
        Assert.Null(status);
        Assert.Equal(
            "1 of 1 proxies have it in force; "
            + "the proxies of operator replicas operator-1, operator-2 are unknown, as the leader cannot reach them",
            message);
        Assert.Equal((false, "1 of 2 proxies have it in force"), Programmed(new Fleet([Ready, Behind], true, ["operator-1"])));
        Assert.Equal(
            (
                null,
                "0 of 0 proxies have it in force; the proxies of operator replica operator-1 are unknown, as the leader cannot reach it"),
            Programmed(new Fleet([], true, ["operator-1"])));
    }

    [Fact]
    public void Refusal_OfAnotherTable_IsNotBlamed()
    {
        Assert.Equal(
            (false, "1 of 2 proxies have it in force"), Programmed([], Ready with { Error = "a later table cannot be read" }, Behind));
    }

    [Fact]
    public void InvalidRule_IsNeitherAcceptedNorProgrammed()
    {
        var conditions = RuleConditions.Of(
            [Diagnostic(DiagnosticSeverity.Error, DiagnosticReasons.Invalid, "spec.route: Invalid value: 90: weights must total 100")],
            new Fleet([Ready], true, []),
            _ => true);
        var accepted = conditions.Single(c => c.Type == "Accepted");
        Assert.Equal(
            (false, "Invalid", "spec.route: Invalid value: 90: weights must total 100"),
            (accepted.IsTrue, accepted.Reason, accepted.Message));
        Assert.False(conditions.Single(c => c.Type == "Programmed").IsTrue);
    }

    [Theory]
    [InlineData(DiagnosticReasons.DestinationNotFound, "ResolvedRefs", false)]
    [InlineData(DiagnosticReasons.NeverReached, "Conflicted", true)]
    public void Warnings_TurnTheirConditionAndLeaveTheRuleAccepted(string reason, string type, bool status)
    {
        var conditions = RuleConditions.Of(
            [Diagnostic(DiagnosticSeverity.Warning, reason, "why")], new Fleet([Ready], true, []), _ => true);
        var condition = conditions.Single(c => c.Type == type);
        Assert.Equal((status, reason, "why"), (condition.IsTrue, condition.Reason, condition.Message));
        Assert.True(conditions.Single(c => c.Type == "Accepted").IsTrue);
    }

    [Fact]
    public void Time_IsThatOfTheLastChange()
    {
        var then = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var first = StatusCondition.ToJson([new StatusCondition("Accepted", true, "Accepted", "x")], null, 1, then);
        var same = StatusCondition.ToJson([new StatusCondition("Accepted", true, "Accepted", "other words")], first, 2, then.AddHours(1));
        Assert.Equal("2026-01-01T00:00:00Z", (string?)same[0]!["lastTransitionTime"]);
        Assert.Equal(2, (long?)same[0]!["observedGeneration"]);
        var changed = StatusCondition.ToJson([new StatusCondition("Accepted", false, "Invalid", "x")], same, 3, then.AddHours(1));
        Assert.Equal("2026-01-01T01:00:00Z", (string?)changed[0]!["lastTransitionTime"]);
    }

    private static (bool? Status, string Message) Programmed(IReadOnlyList<Diagnostic> diagnostics, params ConnectedProxy[] proxies) =>
        Programmed(new Fleet(proxies, true, []), diagnostics);

    private static (bool? Status, string Message) Programmed(Fleet fleet, IReadOnlyList<Diagnostic>? diagnostics = null)
    {
        var condition = RuleConditions.Of(diagnostics ?? [], fleet, p => p.TableVersion == "new").Single(c => c.Type == "Programmed");
        return (condition.IsTrue, condition.Message);
    }

    private static Diagnostic Diagnostic(DiagnosticSeverity severity, string reason, string message) =>
        new(new ObjectKey(Kinds.RouteRule, "default", "rule"), severity, reason, message);
}
