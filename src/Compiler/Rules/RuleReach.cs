using Turnpike.Compiler.Model;
using Turnpike.Routing;

namespace Turnpike.Compiler.Rules;

/// <summary>
/// Finds the rules of a list that no request reaches because another rule takes the same requests first. The time grows with the number of
/// rules and of paths, not with their product.
/// </summary>
internal static class RuleReach
{
    /// <param name="list">All routes of a service's port.</param>
    /// <param name="entries">The paths that lead to the list.</param>
    /// <returns>
    /// Each rule that the paths of some entry concern, with null when some request reaches it, else with a rule that takes all of its
    /// requests.
    /// </returns>
    public static IEnumerable<(string Rule, string? Winner)> Of(RouteSet list, IReadOnlyCollection<PathMatch> entries)
    {
        var routes = list.All;
        var prefixes = new PrefixIndex(routes.Where(r => r.Path.Kind == PathMatchKind.Prefix).Select(r => r.Path.Value));
        var count = prefixes.Texts.Length;
        var nodeOf = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
            nodeOf[prefixes.Texts[i]] = i;

        // For each path, this is the place of the first rule that takes every request of the path. Rules behind that place are hidden.
        var first = Enumerable.Repeat(int.MaxValue, count).ToArray();
        var firstExact = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var place = 0; place < routes.Length; place++)
        {
            if (!routes[place].Conditions.IsEmpty)
                continue;
            if (routes[place].Path.Kind == PathMatchKind.Exact)
                firstExact.TryAdd(routes[place].Path.Value, place);
            else if (nodeOf[routes[place].Path.Value] is var node && place < first[node])
                first[node] = place;
        }
        var firstOfChain = (int[])first.Clone();
        for (var i = 0; i < count; i++)
        {
            if (prefixes.Parent(i) is >= 0 and var parent)
                firstOfChain[i] = Math.Min(firstOfChain[i], firstOfChain[parent]);
        }

        // This is for rules whose path is no narrower than an entry's. They are reached up to this place through the entry that hides the
        // fewest rules; -1 means that there is no such entry.
        var reached = Enumerable.Repeat(-1, count).ToArray();
        var reachedExact = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            var node = prefixes.Longest(entry.Utf8);
            var limit = node < 0 ? int.MaxValue : firstOfChain[node];
            if (entry.Kind == PathMatchKind.Exact)
            {
                limit = Math.Min(limit, firstExact.GetValueOrDefault(entry.Value, int.MaxValue));
                reachedExact[entry.Value] = limit;
            }
            if (node >= 0)
                reached[node] = Math.Max(reached[node], limit);
        }
        for (var i = count - 1; i >= 0; i--)
        {
            if (prefixes.Parent(i) is >= 0 and var parent)
                reached[parent] = Math.Max(reached[parent], reached[i]);
        }

        var above = new EntriesAbove(entries);
        for (var place = 0; place < routes.Length; place++)
        {
            var route = routes[place];
            if (route.Rule is not { } rule)
                continue;
            var isExact = route.Path.Kind == PathMatchKind.Exact;
            var own = isExact ? firstExact.GetValueOrDefault(route.Path.Value, int.MaxValue) : first[nodeOf[route.Path.Value]];
            var shared = isExact ? reachedExact.GetValueOrDefault(route.Path.Value, -1) : reached[nodeOf[route.Path.Value]];
            var isNarrower = above.Has(route.Path);
            if (!isNarrower && shared < 0)
                continue;
            var isReached = (isNarrower && place <= own) || (shared >= 0 && place <= shared);
            yield return (rule, isReached ? null : routes[isNarrower ? own : shared].Rule);
        }
    }

    /// <summary>Finds whether a rule's path is narrower than that of an entry.</summary>
    private sealed class EntriesAbove
    {
        private readonly PrefixIndex _prefixes;
        private readonly HashSet<PathMatch> _entries;

        public EntriesAbove(IEnumerable<PathMatch> entries)
        {
            _entries = [.. entries.Where(e => e.Kind != PathMatchKind.Exact)];
            _prefixes = new PrefixIndex(_entries.Select(e => e.Value));
        }

        public bool Has(PathMatch route)
        {
            for (var i = _prefixes.Longest(route.Utf8); i >= 0; i = _prefixes.Parent(i))
            {
                var text = _prefixes.Texts[i];
                if (route.Kind == PathMatchKind.Prefix && text.Length == route.Value.Length)
                    continue;
                if (_entries.Contains(PathMatch.Prefix(text)))
                    return true;
                var byElement = new PathMatch(PathMatchKind.ElementPrefix, text);
                if (_entries.Contains(byElement) && byElement.Matches(route.Utf8))
                    return true;
            }
            return false;
        }
    }
}
