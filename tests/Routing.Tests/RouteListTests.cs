using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Turnpike.Routing;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Routing;

public sealed class RouteListTests
{
    private static readonly Gen<PathMatch> EntryPath =
        from kind in Gen.Elements(PathMatchKind.Exact, PathMatchKind.Prefix, PathMatchKind.ElementPrefix)
        from value in ShortPaths.Generator
        select kind == PathMatchKind.ElementPrefix ? PathMatch.Element(value) : new PathMatch(kind, value);

    private static readonly Gen<Route> AnyRoute =
        from kind in Gen.Elements(PathMatchKind.Exact, PathMatchKind.Prefix)
        from value in Gen.OneOf(ShortPaths.Generator, Gen.Constant(""))
        from condition in Gen.Elements("", "", "1", "2")
        select new Route
        {
            Path = new PathMatch(kind, value),
            Conditions = condition.Length == 0 ? [] : [new Condition(ConditionTarget.Header, "x", ConditionKind.Exact, condition)],
        };

    /// <summary>
    /// The index must find what the list of an entry, intersected path by path, sorted and read from the top, would find.
    /// </summary>
    [Property(MaxTest = 3000)]
    public Property Find_AgreesWithTheListOfTheEntry() => Prop.ForAll(
        Arb.From(
            from count in Gen.Choose(0, 12)
            from routes in AnyRoute.ListOf(count)
            from entry in EntryPath
            from path in ShortPaths.Generator
            from header in Gen.Elements("1", "2", "3")
            select (routes, entry, path, header)),
        x =>
        {
            var request = new TextRequest("GET", "a.com", x.path, ("x", x.header));
            if (!x.entry.Matches(request.Key.Path))
                return;
            var list = new RouteList("list", [.. x.routes.Select((r, i) => r with { Rule = $"default/{i}" })]);
            Route? expected = null;
            foreach (var route in list.Under(x.entry))
            {
                if (expected is null && route.Path.Matches(request.Key.Path) && RouteList.FirstFailing(route, request.Key, request) is null)
                    expected = route;
            }
            var found = list.Find(x.entry, request.Key, request);
            Assert.Equal(expected?.Rule, found?.Rule);
            if (found is not null)
                Assert.Equal(expected!.Path, PathMatch.Intersect(x.entry, found.Path));
        });

    [Fact]
    public void Find_IsFastForManyRules_AndAllocatesNothing()
    {
        var routes = Enumerable.Range(0, 2000).Select(i => new Route
        {
            Rule = $"default/{i}",
            Path = i % 2 == 0 ? PathMatch.Prefix($"/api/v{i}/") : PathMatch.Exact($"/api/v{i}"),
            Conditions = [new Condition(ConditionTarget.Header, "x", ConditionKind.Exact, "1")],
        });
        var list = new RouteList("list", [.. routes, new Route { Path = PathMatch.Any }]);
        var taken = new TextRequest("GET", "a.com", "/api/v1234/x", ("x", "1"));
        var other = new TextRequest("GET", "a.com", "/api/v1234/x", ("x", "2"));
        Assert.Equal("default/1234", list.Find(PathMatch.Prefix("/"), taken.Key, taken)?.Rule);
        Assert.Null(list.Find(PathMatch.Prefix("/"), other.Key, other)?.Rule);
        var entry = PathMatch.Prefix("/");
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            list.Find(entry, other.Key, other);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
