using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Turnpike.Routing;

/// <summary>The path entries of one domain, indexed by path when it is made. Matching allocates nothing.</summary>
public sealed class VirtualHost
{
    private readonly FrozenDictionary<string, PathEntry> _exact;
    private readonly FrozenDictionary<string, PathEntry>.AlternateLookup<ReadOnlySpan<char>> _exactBySpan;
    private readonly Node[] _prefixes;

    /// <param name="domain">A host name, <c>*.x</c> for one label before <c>x</c>, or <c>*</c>.</param>
    /// <param name="paths">At most one for each path condition; of more the first is kept.</param>
    [JsonConstructor]
    public VirtualHost(string domain, ImmutableArray<PathEntry> paths)
    {
        Domain = domain;
        Paths = paths.IsDefault ? [] : [.. paths.DistinctBy(e => e.Path).OrderBy(e => e.Path, PathOrder.Instance)];
        _exact = Paths.Where(e => e.Path.Kind == PathMatchKind.Exact).ToFrozenDictionary(e => e.Path.Value, StringComparer.Ordinal);
        _exactBySpan = _exact.GetAlternateLookup<ReadOnlySpan<char>>();
        _prefixes = IndexPrefixes(Paths.Where(e => e.Path.Kind != PathMatchKind.Exact));
    }

    public string Domain { get; }

    /// <summary>In the order in which they are tried: exact ones, then longer prefixes before shorter ones.</summary>
    public ImmutableArray<PathEntry> Paths { get; }

    /// <summary>The entry whose path condition fits best, or null.</summary>
    public PathEntry? FindPath(ReadOnlySpan<char> path)
    {
        if (_exactBySpan.TryGetValue(path, out var entry))
            return entry;
        // The greatest prefix that sorts at or before the path; every prefix that matches is that one or among its parents.
        int low = 0, high = _prefixes.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (_prefixes[middle].Text.AsSpan().SequenceCompareTo(path) <= 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        for (var i = high; i >= 0; i = _prefixes[i].Parent)
        {
            ref readonly var node = ref _prefixes[i];
            if (node.ByElement is not null && node.ByElement.Path.Matches(path))
                return node.ByElement;
            if (node.ByText is not null && node.ByText.Path.Matches(path))
                return node.ByText;
        }
        return null;
    }

    /// <summary>The first route of <paramref name="entry"/> whose conditions all hold, or null.</summary>
    public static Route? FindRoute<THeaders>(PathEntry entry, in RequestKey request, THeaders headers)
        where THeaders : IRequestHeaders, allows ref struct
    {
        foreach (var route in entry.Routes.AsSpan())
        {
            if (route.Path.Matches(request.Path) && FirstFailing(route, request, headers) is null)
                return route;
        }
        return null;
    }

    /// <summary>The first condition of <paramref name="route"/> that the request does not meet, or null where it meets all.</summary>
    public static Condition? FirstFailing<THeaders>(Route route, in RequestKey request, THeaders headers)
        where THeaders : IRequestHeaders, allows ref struct
    {
        // Comparisons cost next to nothing; most requests fail at one of them and never get to a regular expression.
        foreach (var condition in route.Conditions.AsSpan())
        {
            if (condition.Kind != ConditionKind.Regex && !Meets(condition, request, headers))
                return condition;
        }
        foreach (var condition in route.Conditions.AsSpan())
        {
            if (condition.Kind == ConditionKind.Regex && !Meets(condition, request, headers))
                return condition;
        }
        return null;
    }

    private static bool Meets<THeaders>(Condition condition, in RequestKey request, THeaders headers)
        where THeaders : IRequestHeaders, allows ref struct => condition.Target switch
        {
            ConditionTarget.Path => condition.Matches(request.Path),
            ConditionTarget.Method => condition.Matches(request.Method),
            ConditionTarget.Scheme => condition.Matches(request.Scheme),
            ConditionTarget.Authority => condition.Matches(request.Authority),
            _ => headers.Combined(condition.Name) is { } value && condition.Matches(value),
        };

    private static Node[] IndexPrefixes(IEnumerable<PathEntry> entries)
    {
        var nodes = entries
            .GroupBy(e => e.Path.Value, StringComparer.Ordinal)
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => new Node(
                g.Key,
                g.FirstOrDefault(e => e.Path.Kind == PathMatchKind.ElementPrefix),
                g.FirstOrDefault(e => e.Path.Kind == PathMatchKind.Prefix)))
            .ToArray();
        var open = new Stack<int>();
        for (var i = 0; i < nodes.Length; i++)
        {
            while (open.TryPeek(out var top) && !nodes[i].Text.StartsWith(nodes[top].Text, StringComparison.Ordinal))
                open.Pop();
            nodes[i].Parent = open.TryPeek(out var parent) ? parent : -1;
            open.Push(i);
        }
        return nodes;
    }

    /// <summary>One prefix text; <see cref="Parent"/> is the longest other one that it starts with, or -1.</summary>
    private struct Node(string text, PathEntry? byElement, PathEntry? byText)
    {
        public readonly string Text = text;
        public readonly PathEntry? ByElement = byElement;
        public readonly PathEntry? ByText = byText;
        public int Parent = -1;
    }
}

/// <summary>Exact before prefix; longer prefixes first; by element before by text; else ordinal.</summary>
public sealed class PathOrder : IComparer<PathMatch>
{
    public static PathOrder Instance { get; } = new();

    /// <inheritdoc/>
    public int Compare(PathMatch x, PathMatch y)
    {
        var order = (y.Kind == PathMatchKind.Exact).CompareTo(x.Kind == PathMatchKind.Exact);
        if (order == 0 && x.Kind != PathMatchKind.Exact)
            order = y.Value.Length.CompareTo(x.Value.Length);
        if (order == 0)
            order = string.CompareOrdinal(x.Value, y.Value);
        return order != 0 ? order : (y.Kind == PathMatchKind.ElementPrefix).CompareTo(x.Kind == PathMatchKind.ElementPrefix);
    }
}
