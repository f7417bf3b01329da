namespace Turnpike.Cli.Serving;

/// <summary>Reports a problem once when it appears and once when it is resolved.</summary>
internal sealed class ProblemReport(LineQueue error)
{
    private HashSet<string> _known = [];

    public void Show(IReadOnlyCollection<string> problems)
    {
        foreach (var problem in problems.Where(p => !_known.Contains(p)).Distinct())
            error.Say(problem);
        var current = problems.ToHashSet(StringComparer.Ordinal);
        foreach (var gone in _known.Where(p => !current.Contains(p)).Order(StringComparer.Ordinal))
            error.Say($"resolved: {gone}");
        _known = current;
    }
}
