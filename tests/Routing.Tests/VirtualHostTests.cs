using System.Collections.Immutable;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Turnpike.Http;
using Turnpike.Routing;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Routing;

public sealed class VirtualHostTests
{
    [Fact]
    public void Exact_GoesBeforeLongerPrefix()
    {
        var host = Host(PathMatch.Prefix("/a/b"), PathMatch.Exact("/a/b/c"), PathMatch.Element("/a"));
        Assert.Equal(PathMatch.Exact("/a/b/c"), host.FindPath("/a/b/c")?.Path);
        Assert.Equal(PathMatch.Prefix("/a/b"), host.FindPath("/a/b/d")?.Path);
        Assert.Equal(PathMatch.Element("/a"), host.FindPath("/a/x")?.Path);
        Assert.Null(host.FindPath("/ab"));
    }

    /// <summary>The index must find what reading the list from the top would find.</summary>
    [Property(MaxTest = 3000)]
    public Property FindPath_AgreesWithTheOrderedList()
    {
        var match = from kind in Gen.Elements(PathMatchKind.Exact, PathMatchKind.Prefix, PathMatchKind.ElementPrefix)
                    from value in ShortPaths.Generator
                    select kind == PathMatchKind.ElementPrefix ? PathMatch.Element(value) : new PathMatch(kind, value);
        return Prop.ForAll(
            Arb.From(from count in Gen.Choose(0, 8) from entries in match.ListOf(count) from path in ShortPaths.Generator select (entries, path)),
            x =>
            {
                var host = Host([.. x.entries]);
                return host.FindPath(x.path)?.Path == host.Paths.Select(e => (PathMatch?)e.Path).FirstOrDefault(p => p!.Value.Matches(Encoding.UTF8.GetBytes(x.path)));
            });
    }

    [Fact]
    public void FindRoute_TakesTheFirstWhoseConditionsAllHold()
    {
        var entry = new PathEntry
        {
            Path = PathMatch.Prefix("/"),
            Origin = new RouteOrigin("Ingress", "default/web", "spec.rules[0].http.paths[0]", "rule 1 path 1"),
            Routes =
            [
                Route("both", new Condition(ConditionTarget.Header, "x-user", ConditionKind.Exact, "jason"), new Condition(ConditionTarget.Method, "", ConditionKind.Exact, "GET")),
                Route("regex", new Condition(ConditionTarget.Header, "cookie", ConditionKind.Regex, "^(.*?;)?(user=jason)(;.*)?$")),
                Route("path", new Condition(ConditionTarget.Path, "", ConditionKind.Regex, "/v[0-9]+/.*")),
                Route("rest"),
            ],
        };
        Assert.Equal("both", Find(entry, "GET", "/", ("x-user", "jason")));
        Assert.Equal("rest", Find(entry, "POST", "/", ("x-user", "jason")));
        Assert.Equal("regex", Find(entry, "POST", "/", ("cookie", "a=b;user=jason;c=d")));
        Assert.Equal("rest", Find(entry, "POST", "/", ("cookie", "user=jasonx")));
        Assert.Equal("path", Find(entry, "POST", "/v12/x"));
        Assert.Equal("rest", Find(entry, "POST", "/x/v12/x"));
    }

    [Theory]
    [InlineData("foo.com", "foo.com", true)]
    [InlineData("foo.com", "FOO.com:31486", true)]
    [InlineData("foo.com", "foo.com.", true)]
    [InlineData("foo.com", "xfoo.com", false)]
    public void AuthorityCondition_IgnoresCaseAndPort(string wanted, string authority, bool matches) =>
        Assert.Equal(matches, Holds(new Condition(ConditionTarget.Authority, "", ConditionKind.Exact, wanted), new TextRequest("GET", authority, "/")));

    /// <summary>The first parameter of the name counts, and nothing in the query is decoded.</summary>
    [Theory]
    [InlineData(ConditionKind.Exact, "1", "/?page=1", true)]
    [InlineData(ConditionKind.Exact, "1", "/?page=2", false)]
    [InlineData(ConditionKind.Exact, "1", "/", false)]
    [InlineData(ConditionKind.Exact, "1", "/?", false)]
    [InlineData(ConditionKind.Exact, "1", "/page=1", false)]
    [InlineData(ConditionKind.Exact, "1", "/?apage=1", false)]
    [InlineData(ConditionKind.Exact, "1", "/?pages=1", false)]
    [InlineData(ConditionKind.Exact, "1", "/?a=b&page=1&page=2", true)]
    [InlineData(ConditionKind.Exact, "1", "/?page=2&page=1", false)]
    [InlineData(ConditionKind.Exact, "1", "/?&&page=1&", true)]
    [InlineData(ConditionKind.Exact, "", "/?page", true)]
    [InlineData(ConditionKind.Exact, "", "/?page=", true)]
    [InlineData(ConditionKind.Exact, "a=b?c", "/?page=a=b?c", true)]
    [InlineData(ConditionKind.Exact, "a", "/?page=%61", false)]
    [InlineData(ConditionKind.Present, "", "/?a&page=2", true)]
    [InlineData(ConditionKind.Regex, "[0-9]+", "/?page=12", true)]
    [InlineData(ConditionKind.Regex, "[0-9]+", "/?page=12x", false)]
    public void QueryParameterCondition_LooksAtTheFirstOfItsName(ConditionKind kind, string value, string target, bool matches) =>
        Assert.Equal(matches, Holds(new Condition(ConditionTarget.QueryParameter, "page", kind, value), new TextRequest("GET", "a.com", target)));

    /// <summary>A header in UTF-8 meets the text of a rule; one in Latin-1 is another text, but there all the same.</summary>
    [Fact]
    public void HeaderCondition_ComparesUtf8()
    {
        var exact = new Condition(ConditionTarget.Header, "x", ConditionKind.Exact, "caf\u00e9");
        var regex = new Condition(ConditionTarget.Header, "x", ConditionKind.Regex, "caf.");
        Assert.True(Holds(exact, new TextRequest("GET", "a.com", "/", ("x", "caf\u00e9"))));
        Assert.True(Holds(regex, new TextRequest("GET", "a.com", "/", ("x", "caf\u00e9"))));
        Assert.True(exact.Holds(new TextRequest("GET", "a.com", "/").Key, new OneHeader([.. "caf\u00e9"u8])));
        Assert.False(exact.Holds(new TextRequest("GET", "a.com", "/").Key, new OneHeader([.. "caf"u8, 0xe9])));
        Assert.True(regex.Holds(new TextRequest("GET", "a.com", "/").Key, new OneHeader([.. "caf"u8, 0xe9])));
    }

    /// <summary>
    /// With the mark, an entry hands what none of its routes takes to the entry that fits next best; without it, it does not.
    /// </summary>
    [Fact]
    public void EntryThatFallsThrough_HandsOnWhatItDoesNotTake()
    {
        var beta = new Condition(ConditionTarget.Header, "x-beta", ConditionKind.Exact, "1");
        var host = new VirtualHost("*", [
            Entry(PathMatch.Prefix("/"), Route("root")),
            Entry(PathMatch.Element("/a"), Route("element", beta)) with { FallsThrough = true },
            Entry(PathMatch.Prefix("/a"), Route("text", beta)) with { FallsThrough = true },
            Entry(PathMatch.Exact("/a/b"), Route("exact", beta)) with { FallsThrough = true },
            Entry(PathMatch.Prefix("/stop"), Route("stop", beta)),
        ]);
        Assert.Equal(("exact", "/a/b"), Taken(host, "/a/b", ("x-beta", "1")));
        Assert.Equal(("root", "/"), Taken(host, "/a/b"));
        Assert.Equal(("element", "/a"), Taken(host, "/a/c", ("x-beta", "1")));
        Assert.Equal(("text", "/a"), Taken(host, "/ac", ("x-beta", "1")));
        Assert.Equal(("root", "/"), Taken(host, "/ac"));
        Assert.Equal((null, "/stop"), Taken(host, "/stop/x"));
        var last = new VirtualHost("*", [Entry(PathMatch.Prefix("/a"), Route("a", beta)) with { FallsThrough = true }]);
        Assert.Equal((null, "/a"), Taken(last, "/a"));
        Assert.Equal((null, null), Taken(last, "/b"));
    }

    /// <summary>
    /// The matcher must take what reading the entries from the top, with the mark in mind, would take; and explain says the same.
    /// </summary>
    [Property(MaxTest = 3000)]
    public Property Find_AgreesWithTheOrderedList_AndWithItsExplanation()
    {
        var match = from kind in Gen.Elements(PathMatchKind.Exact, PathMatchKind.Prefix, PathMatchKind.ElementPrefix)
                    from value in ShortPaths.Generator
                    select kind == PathMatchKind.ElementPrefix ? PathMatch.Element(value) : new PathMatch(kind, value);
        var entry = from path in match
                    from conditions in Gen.Elements("1", "2", "").ListOf(2)
                    from fallsThrough in Gen.Elements(true, false)
                    select Entry(path, [.. conditions.Select((c, i) => c.Length == 0
                        ? Route($"{path} {i}")
                        : Route($"{path} {i}", new Condition(ConditionTarget.Header, "x", ConditionKind.Exact, c)))]) with
                    { FallsThrough = fallsThrough };
        return Prop.ForAll(
            Arb.From(
                from count in Gen.Choose(0, 8)
                from entries in entry.ListOf(count)
                from path in ShortPaths.Generator
                from header in Gen.Elements("1", "3")
                select (entries, path, header)),
            x =>
            {
                var hosts = new VirtualHostSet([new VirtualHost("*", [.. x.entries])]);
                var request = new TextRequest("GET", "a.com", x.path, ("x", x.header));
                Route? expected = null;
                foreach (var candidate in hosts.All[0].Paths.Where(e => e.Path.Matches(request.Key.Path)))
                {
                    expected = candidate.Routes.Find(candidate.Path, request.Key, request);
                    if (expected is not null || !candidate.FallsThrough)
                        break;
                }
                Assert.Same(expected, hosts.All[0].Find(request.Key, request, out var last));
                var explanation = Explanation.Of(hosts, request.Key, request);
                Assert.Same(last, explanation.Entry);
                Assert.Equal(expected?.Rule, explanation.Taken?.Rule);
            });
    }

    /// <summary>An endpoint sees every line of a header, so a rule that denies must see every line too.</summary>
    [Fact]
    public void Condition_SeesAllLinesOfAHeader()
    {
        var entry = Entry(
            PathMatch.Prefix("/"),
            Route("denied", new Condition(ConditionTarget.Header, "cookie", ConditionKind.Regex, "(.*; ?)?b=1(;.*)?")),
            Route("list", new Condition(ConditionTarget.Header, "x-roles", ConditionKind.Exact, "user, admin")),
            Route("rest"));
        Assert.Equal("denied", Find(entry, "GET", "/", ("cookie", "a=1"), ("cookie", "b=1")));
        Assert.Equal("denied", Find(entry, "GET", "/", ("cookie", "a=1"), ("x", "y"), ("cookie", "b=1"), ("cookie", "c=1")));
        Assert.Equal("list", Find(entry, "GET", "/", ("x-roles", "user"), ("x-roles", "admin")));
        Assert.Equal("rest", Find(entry, "GET", "/", ("x-roles", "user")));
    }

    /// <summary>A rule that denies stays effective whatever the client sends: there is no time after which a condition gives up.</summary>
    [Fact]
    public void HostileValue_DoesNotTakeADenyingRuleOutOfForce()
    {
        var entry = Entry(PathMatch.Prefix("/"), Route("denied", new Condition(ConditionTarget.Header, "x", ConditionKind.Regex, "(a+)+b?")), Route("rest"));
        Assert.Equal("denied", Find(entry, "GET", "/", ("x", new string('a', 100_000))));
        Assert.Equal("rest", Find(entry, "GET", "/", ("x", new string('a', 100_000) + "!")));
    }

    [Fact]
    public void Matching_AllocatesNothing()
    {
        ImmutableArray<Route> routes =
        [
            Route("a", new Condition(ConditionTarget.Header, "x", ConditionKind.Exact, "1")),
            Route("query", new Condition(ConditionTarget.QueryParameter, "x", ConditionKind.Exact, "2")),
            Route("regex", new Condition(ConditionTarget.Header, "x", ConditionKind.Regex, "[0-9]+1")),
            Route("b"),
        ];
        var hosts = new VirtualHostSet([
            new VirtualHost("foo.com", [.. Enumerable.Range(0, 1000).Select(i => Entry(PathMatch.Prefix($"/path/{i}/"), routes))]),
            new VirtualHost("**.com", []),
        ]);
        var request = new TextRequest("GET", "Foo.com:80", "/path/567/more?x=1", ("x", "2"));
        Route? found = null;
        for (var i = 0; i < 100; i++)
            found = request.Match(hosts);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            found = request.Match(hosts);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal("b", found?.Rule);
    }

    private static string? Find(PathEntry entry, string method, string path, params (string, string)[] headers)
    {
        var request = new TextRequest(method, "foo.com", path, headers);
        return entry.Routes.Find(entry.Path, request.Key, request)?.Rule;
    }

    private static (string? Rule, string? Path) Taken(VirtualHost host, string path, params (string, string)[] headers)
    {
        var request = new TextRequest("GET", "foo.com", path, headers);
        var route = host.Find(request.Key, request, out var entry);
        return (route?.Rule, entry?.Path.Value);
    }

    private static bool Holds(Condition condition, TextRequest request) => condition.Holds(request.Key, request);

    private static VirtualHost Host(params ImmutableArray<PathMatch> paths) => new("*", [.. paths.Select(p => Entry(p, Route("r")))]);

    private static PathEntry Entry(PathMatch path, params ImmutableArray<Route> routes) =>
        new() { Path = path, Origin = new RouteOrigin("Ingress", "default/web", "spec.rules[0].http.paths[0]", "rule 1 path 1"), Routes = [.. routes.Select(r => r with { Path = PathMatch.Any })] };

    private static Route Route(string rule, params ImmutableArray<Condition> conditions) =>
        new() { Rule = rule, Path = PathMatch.Prefix("/"), Conditions = conditions };

    private readonly struct OneHeader(byte[] bytes) : IRequestHeaders
    {
        public bool TryCombine(scoped in HeaderName name, out ReadOnlySpan<byte> value)
        {
            value = bytes;
            return true;
        }
    }
}
