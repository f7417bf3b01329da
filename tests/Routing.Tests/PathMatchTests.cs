using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Turnpike.Routing;

namespace Turnpike.Tests.Routing;

public sealed class PathMatchTests
{
    [Theory]
    [InlineData("/foo", "/foo", true)]
    [InlineData("/foo", "/foo/", true)]
    [InlineData("/foo", "/foo/bar", true)]
    [InlineData("/foo", "/foobar", false)]
    [InlineData("/foo/", "/foo", true)]
    [InlineData("/foo/", "/foo/bar", true)]
    [InlineData("/aaa/bb", "/aaa/bbb", false)]
    [InlineData("/aaa/bbb", "/aaa/bbb/ccc", true)]
    [InlineData("/", "/anything", true)]
    [InlineData("/Foo", "/foo", false)]
    public void Element_ComparesWholeElements(string prefix, string path, bool matches) =>
        Assert.Equal(matches, PathMatch.Element(prefix).Matches(Encoding.UTF8.GetBytes(path)));

    [Theory]
    [InlineData("/delay/", "/delay/5", true)]
    [InlineData("/delay/", "/delay", false)]
    [InlineData("/lo", "/lorem", true)]
    [InlineData("", "*", true)]
    public void Prefix_ComparesText(string prefix, string path, bool matches) =>
        Assert.Equal(matches, PathMatch.Prefix(prefix).Matches(Encoding.UTF8.GetBytes(path)));

    [Property(MaxTest = 2000)]
    public Property Intersect_MatchesExactlyWhatBothMatch()
    {
        var path = ShortPaths.Generator;
        var match = from kind in Gen.Elements(PathMatchKind.Exact, PathMatchKind.Prefix, PathMatchKind.ElementPrefix)
                    from value in path
                    select kind == PathMatchKind.ElementPrefix ? PathMatch.Element(value) : new PathMatch(kind, value);
        return Prop.ForAll(
            Arb.From(from a in match from b in match from p in path select (a, b, p)),
            x =>
            {
                var path = Encoding.UTF8.GetBytes(x.p);
                return (PathMatch.Intersect(x.a, x.b)?.Matches(path) ?? false) == (x.a.Matches(path) && x.b.Matches(path));
            });
    }
}

/// <summary>Paths over so few letters that prefixes and repetitions are frequent.</summary>
internal static class ShortPaths
{
    public static Gen<string> Generator { get; } =
        from count in Gen.Choose(0, 4)
        from parts in Gen.Elements("a", "b", "ab", "").ListOf(count)
        select "/" + string.Join('/', parts);
}
