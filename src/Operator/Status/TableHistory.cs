using Turnpike.Discovery;
using Turnpike.Reading;

namespace Turnpike.Operator.Status;

/// <summary>
/// Remembers which versions of the rules each table holds. The version of a proxy's table says which rules it has in force, whichever
/// replica it is connected to, because equal objects compile to equal tables. It is not thread-safe.
/// </summary>
internal sealed class TableHistory
{
    private const int MaxTables = 4096;

    private readonly Dictionary<string, long> _lastSequence = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Uid, long Generation), long> _firstSequence = [];

    public void Add(DiscoveryState state)
    {
        if (_lastSequence.Count >= MaxTables && !_lastSequence.ContainsKey(state.Table.Version))
            _lastSequence.Remove(_lastSequence.MinBy(t => t.Value).Key);
        _lastSequence[state.Table.Version] = state.Sequence;
        var present = state.Rules.Select(r => (r.Uid, r.Generation)).ToHashSet();
        foreach (var gone in _firstSequence.Keys.Where(k => !present.Contains(k)).ToList())
            _firstSequence.Remove(gone);
        foreach (var rule in present)
            _firstSequence.TryAdd(rule, state.Sequence);
    }

    /// <summary>Returns whether a proxy with that table has this version of the rule in force.</summary>
    public bool Has(string tableVersion, ObjectMeta rule) =>
        _lastSequence.TryGetValue(tableVersion, out var last)
        && _firstSequence.TryGetValue((rule.Uid, rule.Generation), out var first)
        && last >= first;
}
