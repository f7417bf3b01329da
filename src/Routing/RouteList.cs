using System.Collections;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Turnpike.Routing;

/// <summary>
/// The routes of one port of a service. All paths that lead to it share one list, in memory and on the wire, so a table grows with the
/// number of paths and of rules, not with their product. It is indexed by path when it is made, and matching allocates nothing.
/// </summary>
[CollectionBuilder(typeof(RouteList), nameof(Of))]
public sealed class RouteList : IEnumerable<Route>
{
    private readonly FrozenDictionary<byte[], Route[]>.AlternateLookup<ReadOnlySpan<byte>> _exact;
    private readonly PrefixIndex _prefixes;
    private readonly Route[][] _byPrefix;
    private string? _name;

    /// <param name="name">
    /// The name, which is unique in a table: <c>namespace/service:port</c>. Null for a name that is made from the content.
    /// </param>
    /// <param name="routes">The routes in the order in which routes of the same path are tried.</param>
    /// <exception cref="ArgumentException">The path of a route is matched by element, or is missing.</exception>
    public RouteList(string? name, ImmutableArray<Route> routes)
    {
        _name = name;
        All = routes.IsDefault ? [] : routes;
        if (All.Any(r => r.Path.Kind == PathMatchKind.ElementPrefix || r.Path.Value is null))
            throw new ArgumentException("the path of a route is exact or a prefix");
        _exact = All.Where(r => r.Path.Kind == PathMatchKind.Exact)
            .GroupBy(r => r.Path.Value, StringComparer.Ordinal)
            .ToFrozenDictionary(g => Encoding.UTF8.GetBytes(g.Key), g => g.ToArray(), Utf8Comparer.Instance)
            .GetAlternateLookup<ReadOnlySpan<byte>>();
        var byPrefix = All.Where(r => r.Path.Kind == PathMatchKind.Prefix).ToLookup(r => r.Path.Value, StringComparer.Ordinal);
        _prefixes = new PrefixIndex(byPrefix.Select(p => p.Key));
        _byPrefix = new Route[_prefixes.Texts.Length][];
        for (var i = 0; i < _byPrefix.Length; i++)
            _byPrefix[i] = [.. byPrefix[_prefixes.Texts[i]]];
    }

    public static RouteList Empty { get; } = new("", []);

    public string Name => _name ??= NameOf(All);

    /// <summary>The routes in the order in which those of the same path are tried.</summary>
    public ImmutableArray<Route> All { get; }

    /// <summary>Returns a list that is named after its content.</summary>
    public static RouteList Of(ReadOnlySpan<Route> routes) => new(null, [.. routes]);

    /// <summary>
    /// Returns the first route that takes the request, or null, in the order exact path, longest prefix, place in the list. A route whose
    /// path is no narrower than the entry's counts as one of the entry's own path, because what both match is what the entry matches.
    /// </summary>
    /// <param name="entry">The path of the entry that leads here. The request matches it.</param>
    /// <param name="request">The parts of the request that are matched besides its headers.</param>
    /// <param name="headers">The headers of the request.</param>
    public Route? Find<THeaders>(PathMatch entry, in RequestKey request, THeaders headers)
        where THeaders : IRequestHeaders, allows ref struct
    {
        var isExact = entry.Kind == PathMatchKind.Exact;
        if (!isExact && _exact.TryGetValue(request.Path, out var same) && First(same, request, headers) is { } exact)
            return exact;
        var node = _prefixes.Longest(request.Path);
        for (; !isExact && node >= 0 && _prefixes.LengthOf(node) > entry.Utf8.Length; node = _prefixes.Parent(node))
        {
            if (First(_byPrefix[node], request, headers) is { } longer)
                return longer;
        }
        if (!isExact && (node < 0 || _prefixes.Parent(node) < 0))
            return node < 0 ? null : First(_byPrefix[node], request, headers);
        // Several paths count as the entry's own, so their routes are tried in the order of the list.
        foreach (var route in All.AsSpan())
        {
            if (CountsAs(entry, route.Path) && route.Path.Matches(request.Path) && FirstFailing(route, request, headers) is null)
                return route;
        }
        return null;
    }

    /// <summary>
    /// Returns the first condition of <paramref name="route"/> that the request does not meet, or null when it meets all of them.
    /// </summary>
    public static Condition? FirstFailing<THeaders>(Route route, in RequestKey request, THeaders headers)
        where THeaders : IRequestHeaders, allows ref struct
    {
        // Comparisons cost next to nothing, and most requests fail at one of them and never get to a regular expression.
        foreach (var condition in route.Conditions.AsSpan())
        {
            if (condition.Kind != ConditionKind.Regex && !condition.Holds(request, headers))
                return condition;
        }
        foreach (var condition in route.Conditions.AsSpan())
        {
            if (condition.Kind == ConditionKind.Regex && !condition.Holds(request, headers))
                return condition;
        }
        return null;
    }

    /// <summary>
    /// Returns the routes of this list that an entry can reach, each with the path that both match, in the order in which they are tried.
    /// This is for people and tests; <see cref="Find"/> finds the same route without an allocation.
    /// </summary>
    public ImmutableArray<Route> Under(PathMatch entry) => [.. Reachable(entry).Select(r => r.Combined)];

    internal List<(Route Route, Route Combined)> Reachable(PathMatch entry)
    {
        var combined = new List<(Route Route, Route Combined)>();
        foreach (var route in All)
        {
            if (PathMatch.Intersect(entry, route.Path) is { } both)
                combined.Add((route, both == route.Path ? route : route with { Path = both }));
        }
        var kept = new List<(Route Route, Route Combined)>();
        var taken = new HashSet<PathMatch>();
        // The sort is stable, so routes with equal paths stay in the order of the list.
        foreach (var pair in combined.OrderBy(p => p.Combined.Path, PathOrder.Instance))
        {
            if (taken.Contains(entry) || taken.Contains(pair.Combined.Path))
                continue;
            kept.Add(pair);
            if (pair.Route.Conditions.IsEmpty)
                taken.Add(pair.Combined.Path);
        }
        return kept;
    }

    /// <inheritdoc/>
    public IEnumerator<Route> GetEnumerator() => ((IEnumerable<Route>)All).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static bool CountsAs(PathMatch entry, PathMatch route) =>
        entry.Kind == PathMatchKind.Exact || (route.Kind == PathMatchKind.Prefix && route.Utf8.Length <= entry.Utf8.Length);

    private static Route? First<THeaders>(Route[] routes, in RequestKey request, THeaders headers)
        where THeaders : IRequestHeaders, allows ref struct
    {
        foreach (var route in routes)
        {
            if (FirstFailing(route, request, headers) is null)
                return route;
        }
        return null;
    }

    private static string NameOf(ImmutableArray<Route> routes)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new RouteListDocument("", routes), RouteTableContext.Default.RouteListDocument);
        return Convert.ToHexStringLower(SHA256.HashData(body).AsSpan(0, 8));
    }
}

/// <summary>The wire form of a list of routes.</summary>
internal sealed record RouteListDocument(string Name, ImmutableArray<Route> Routes)
{
    public static RouteListDocument Of(RouteList list) => new(list.Name, list.All);

    public RouteList ToList() => new(Name ?? throw new FormatException("a list of routes has no name"), Routes);
}

/// <summary>Writes the name of a list in its place, because on the wire an entry names its list and the list travels once.</summary>
public sealed class RouteListNameConverter : JsonConverter<RouteList>
{
    /// <inheritdoc/>
    public override RouteList Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String
            ? new RouteList(reader.GetString()!, [])
            : throw new JsonException("routes are the name of a list");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, RouteList value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Name);
}

/// <summary>Replaces the names of lists of routes by the lists.</summary>
internal static class RouteLinks
{
    /// <summary>Returns the lists that the virtual hosts of a table lead to, each once, in the order of their names.</summary>
    public static ImmutableArray<RouteList> ListsOf(RouteTable table) =>
        [.. table.Listeners.SelectMany(l => l.Hosts.All).SelectMany(h => h.Paths).Select(e => e.Routes)
            .DistinctBy(l => l, ReferenceEqualityComparer.Instance)
            .DistinctBy(l => l.Name, StringComparer.Ordinal).OrderBy(l => l.Name, StringComparer.Ordinal)];

    /// <summary>Returns the host with the lists that it names; the same object when it has them already.</summary>
    /// <exception cref="FormatException">A path names a list that does not exist.</exception>
    public static VirtualHost Link(VirtualHost host, IReadOnlyDictionary<string, RouteList> lists)
    {
        RouteList Of(PathEntry entry) => lists.TryGetValue(entry.Routes.Name, out var list)
            ? list
            : throw new FormatException($"host {host.Domain}, path {entry.Path}: there are no routes \"{entry.Routes.Name}\"");
        return host.Paths.All(e => ReferenceEquals(Of(e), e.Routes))
            ? host
            : new VirtualHost(host.Domain, [.. host.Paths.Select(e => e with { Routes = Of(e) })]);
    }
}
