using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Turnpike.Routing;

/// <summary>The path entries of one domain, indexed by path when it is made. Matching allocates nothing.</summary>
public sealed class VirtualHost
{
    private readonly FrozenDictionary<string, PathEntry> _exact;
    private readonly FrozenDictionary<string, PathEntry>.AlternateLookup<ReadOnlySpan<char>> _exactBySpan;
    private readonly PrefixIndex _prefixes;
    private readonly (PathEntry? ByElement, PathEntry? ByText)[] _byPrefix;

    /// <param name="domain">A host name, <c>*.x</c> for one label before <c>x</c>, or <c>*</c>.</param>
    /// <param name="paths">At most one for each path condition; of more the first is kept.</param>
    [JsonConstructor]
    public VirtualHost(string domain, ImmutableArray<PathEntry> paths)
    {
        Domain = domain;
        Paths = paths.IsDefault ? [] : [.. paths.DistinctBy(e => e.Path).OrderBy(e => e.Path, PathOrder.Instance)];
        _exact = Paths.Where(e => e.Path.Kind == PathMatchKind.Exact).ToFrozenDictionary(e => e.Path.Value, StringComparer.Ordinal);
        _exactBySpan = _exact.GetAlternateLookup<ReadOnlySpan<char>>();
        var byText = Paths.Where(e => e.Path.Kind != PathMatchKind.Exact).ToLookup(e => e.Path.Value, StringComparer.Ordinal);
        _prefixes = new PrefixIndex(byText.Select(t => t.Key));
        _byPrefix = new (PathEntry?, PathEntry?)[_prefixes.Texts.Length];
        for (var i = 0; i < _byPrefix.Length; i++)
        {
            var entries = byText[_prefixes.Texts[i]];
            _byPrefix[i] = (entries.FirstOrDefault(e => e.Path.Kind == PathMatchKind.ElementPrefix), entries.FirstOrDefault(e => e.Path.Kind == PathMatchKind.Prefix));
        }
    }

    public string Domain { get; }

    /// <summary>In the order in which they are tried: exact ones, then longer prefixes before shorter ones.</summary>
    public ImmutableArray<PathEntry> Paths { get; }

    /// <summary>The entry whose path condition fits best, or null.</summary>
    public PathEntry? FindPath(ReadOnlySpan<char> path)
    {
        if (_exactBySpan.TryGetValue(path, out var entry))
            return entry;
        for (var i = _prefixes.Longest(path); i >= 0; i = _prefixes.Parent(i))
        {
            var (byElement, byText) = _byPrefix[i];
            if (byElement is not null && byElement.Path.Matches(path))
                return byElement;
            if (byText is not null)
                return byText;
        }
        return null;
    }

    /// <summary>The first route of <paramref name="entry"/> whose conditions all hold, or null.</summary>
    public static Route? FindRoute<THeaders>(PathEntry entry, in RequestKey request, THeaders headers)
        where THeaders : IRequestHeaders, allows ref struct =>
        entry.Routes.Find(entry.Path, request, headers);

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
