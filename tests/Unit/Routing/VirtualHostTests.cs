using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Turnpike.Routing;
using Xunit;

namespace Turnpike.Tests.Unit.Routing;

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
                return host.FindPath(x.path)?.Path == host.Paths.Select(e => (PathMatch?)e.Path).FirstOrDefault(p => p!.Value.Matches(x.path));
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
        Assert.Equal(matches, new Condition(ConditionTarget.Authority, "", ConditionKind.Exact, wanted).Matches(authority));

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

    /// <summary>A rule that denies stays in force whatever the client sends: there is no time after which a condition gives up.</summary>
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
        var hosts = new VirtualHostSet([
            new VirtualHost("foo.com", [.. Enumerable.Range(0, 1000).Select(i => Entry(PathMatch.Prefix($"/path/{i}/"), Route("a", new Condition(ConditionTarget.Header, "x", ConditionKind.Exact, "1")), Route("regex", new Condition(ConditionTarget.Header, "x", ConditionKind.Regex, "[0-9]+1")), Route("b")))]),
        ]);
        var request = new RequestKey("GET", "http", "Foo.com:80", "/path/567/more");
        var headers = new Headers([("x", "2")]);
        Route? found = null;
        for (var i = 0; i < 100; i++)
            found = Match(hosts, request, headers);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            found = Match(hosts, request, headers);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal("b", found?.Rule);
    }

    private static Route? Match(VirtualHostSet hosts, in RequestKey request, Headers headers) =>
        hosts.Find(request.Authority) is { } host && host.FindPath(request.Path) is { } entry ? VirtualHost.FindRoute(entry, request, headers) : null;

    private static string? Find(PathEntry entry, string method, string path, params (string, string)[] headers) =>
        VirtualHost.FindRoute(entry, new RequestKey(method, "http", "foo.com", path), new Headers(headers))?.Rule;

    private static VirtualHost Host(params ImmutableArray<PathMatch> paths) => new("*", [.. paths.Select(p => Entry(p, Route("r")))]);

    private static PathEntry Entry(PathMatch path, params ImmutableArray<Route> routes) =>
        new() { Path = path, Origin = new RouteOrigin("Ingress", "default/web", "spec.rules[0].http.paths[0]", "rule 1 path 1"), Routes = [.. routes.Select(r => r with { Path = PathMatch.Any })] };

    private static Route Route(string rule, params ImmutableArray<Condition> conditions) =>
        new() { Rule = rule, Path = PathMatch.Prefix("/"), Conditions = conditions };

    private readonly struct Headers((string Name, string Value)[] all) : IRequestHeaders
    {
        public string? Combined(string name)
        {
            string? combined = null;
            foreach (var (candidate, text) in all)
            {
                if (candidate == name)
                    combined = combined is null ? text : $"{combined}{(name == "cookie" ? "; " : ", ")}{text}";
            }
            return combined;
        }
    }
}
