using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Serialization;

namespace Turnpike.Routing;

/// <summary>The path entries of one domain. They are indexed by path when the host is made, so matching allocates nothing.</summary>
public sealed class VirtualHost
{
    private readonly FrozenDictionary<byte[], PathEntry>.AlternateLookup<ReadOnlySpan<byte>> _exact;
    private readonly PrefixIndex _prefixes;
    private readonly (PathEntry? ByElement, PathEntry? ByText)[] _byPrefix;

    /// <param name="domain">
    /// A host name, <c>*.x</c> for one label before <c>x</c>, <c>**.x</c> for one label or more before <c>x</c>, or <c>*</c> for every
    /// host.
    /// </param>
    /// <param name="paths">The path entries. Of several with the same path condition the first is kept.</param>
    [JsonConstructor]
    public VirtualHost(string domain, ImmutableArray<PathEntry> paths)
    {
        Domain = domain;
        Paths = paths.IsDefault ? [] : [.. paths.DistinctBy(e => e.Path).OrderBy(e => e.Path, PathOrder.Instance)];
        _exact = Paths.Where(e => e.Path.Kind == PathMatchKind.Exact)
            .ToFrozenDictionary(e => Encoding.UTF8.GetBytes(e.Path.Value), Utf8Comparer.Instance)
            .GetAlternateLookup<ReadOnlySpan<byte>>();
        var byText = Paths.Where(e => e.Path.Kind != PathMatchKind.Exact).ToLookup(e => e.Path.Value, StringComparer.Ordinal);
        _prefixes = new PrefixIndex(byText.Select(t => t.Key));
        _byPrefix = new (PathEntry?, PathEntry?)[_prefixes.Texts.Length];
        for (var i = 0; i < _byPrefix.Length; i++)
        {
            var entries = byText[_prefixes.Texts[i]].ToList();
            _byPrefix[i] = (
                entries.Find(e => e.Path.Kind == PathMatchKind.ElementPrefix),
                entries.Find(e => e.Path.Kind == PathMatchKind.Prefix));
        }
    }

    public string Domain { get; }

    /// <summary>The entries in the order in which they are tried: exact ones, then longer prefixes before shorter ones.</summary>
    public ImmutableArray<PathEntry> Paths { get; }

    /// <summary>Returns the entry whose path condition fits best, or null.</summary>
    /// <param name="path">The path without its query.</param>
    public PathEntry? FindPath(ReadOnlySpan<byte> path) => EntriesFor(path) is var entries && entries.MoveNext() ? entries.Current : null;

    /// <summary>Returns the same for a path as text, which is encoded first.</summary>
    public PathEntry? FindPath(string path) => FindPath(Encoding.UTF8.GetBytes(path));

    /// <summary>
    /// Returns the route that takes the request, or null. The entry whose path fits best decides alone, unless it falls through: then the
    /// entry that fits next best is tried when none of its routes takes the request.
    /// </summary>
    /// <param name="request">The parts of the request that are matched besides its headers.</param>
    /// <param name="headers">The headers of the request.</param>
    /// <param name="entry">
    /// The entry of the route; when there is no route, the last entry that was tried, or null when no path fits.
    /// </param>
    public Route? Find<THeaders>(in RequestKey request, THeaders headers, out PathEntry? entry)
        where THeaders : IRequestHeaders, allows ref struct
    {
        entry = null;
        foreach (var candidate in EntriesFor(request.Path))
        {
            entry = candidate;
            if (candidate.Routes.Find(candidate.Path, request, headers) is { } route)
                return route;
            if (!candidate.FallsThrough)
                return null;
        }
        return null;
    }

    /// <summary>Returns the entries whose path conditions fit, the best one first.</summary>
    internal PathEntries EntriesFor(ReadOnlySpan<byte> path) => new(this, path);

    /// <summary>Walks through the entries that fit a path, without allocating.</summary>
    internal ref struct PathEntries(VirtualHost host, ReadOnlySpan<byte> path)
    {
        private const int NotSearched = -2;

        private readonly VirtualHost _host = host;
        private readonly ReadOnlySpan<byte> _path = path;
        private PathEntry? _next;
        private int _prefix;
        private bool _began;

        public PathEntry Current { get; private set; } = null!;

        public readonly PathEntries GetEnumerator() => this;

        public bool MoveNext()
        {
            if (!_began)
            {
                _began = true;
                _prefix = NotSearched;
                if (_host._exact.TryGetValue(_path, out var exact))
                {
                    Current = exact;
                    return true;
                }
            }
            if (_next is not null)
            {
                (Current, _next) = (_next, null);
                return true;
            }
            if (_prefix == NotSearched)
                _prefix = _host._prefixes.Longest(_path);
            for (; _prefix >= 0; _prefix = _host._prefixes.Parent(_prefix))
            {
                var (byElement, byText) = _host._byPrefix[_prefix];
                if (byElement is not null && !PathMatch.EndsElement(_path, _host._prefixes.LengthOf(_prefix)))
                    byElement = null;
                if ((byElement ?? byText) is not { } first)
                    continue;
                _next = byElement is null ? null : byText;
                Current = first;
                _prefix = _host._prefixes.Parent(_prefix);
                return true;
            }
            return false;
        }
    }
}

/// <summary>
/// The order in which path conditions are tried: exact ones before prefixes, longer prefixes before shorter ones, a prefix of elements
/// before the same prefix of text.
/// </summary>
public sealed class PathOrder : IComparer<PathMatch>
{
    public static PathOrder Instance { get; } = new();

    /// <inheritdoc/>
    public int Compare(PathMatch x, PathMatch y)
    {
        var order = (y.Kind == PathMatchKind.Exact).CompareTo(x.Kind == PathMatchKind.Exact);
        if (order == 0 && x.Kind != PathMatchKind.Exact)
            order = y.Utf8.Length.CompareTo(x.Utf8.Length);
        if (order == 0)
            order = string.CompareOrdinal(x.Value, y.Value);
        return order != 0 ? order : (y.Kind == PathMatchKind.ElementPrefix).CompareTo(x.Kind == PathMatchKind.ElementPrefix);
    }
}
