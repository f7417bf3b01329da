using Turnpike.Routing;
using Xunit;

namespace Turnpike.Tests.Unit.Routing;

public sealed class VirtualHostSetTests
{
    private static readonly VirtualHostSet Hosts = new([
        new VirtualHost("foo.com", []), new VirtualHost("*.foo.com", []), new VirtualHost("a.b.foo.com", []), new VirtualHost("*", []), new VirtualHost("[::1]", []),
    ]);

    [Theory]
    [InlineData("foo.com", "foo.com")]
    [InlineData("FOO.com", "foo.com")]
    [InlineData("foo.com:31486", "foo.com")]
    [InlineData("foo.com.:80", "foo.com")]
    [InlineData("x.foo.com", "*.foo.com")]
    [InlineData("X.Foo.Com:80", "*.foo.com")]
    [InlineData("y.x.foo.com", "*")]
    [InlineData("a.b.foo.com", "a.b.foo.com")]
    [InlineData(".foo.com", "*")]
    [InlineData("[::1]:8080", "[::1]")]
    [InlineData("[::1]", "[::1]")]
    [InlineData("", "*")]
    public void Find_TakesExactThenOneLabelWildcardThenAny(string authority, string domain) =>
        Assert.Equal(domain, Hosts.Find(authority)?.Domain);

    [Fact]
    public void Find_WithoutAny_FindsNothingElse() =>
        Assert.Null(new VirtualHostSet([new VirtualHost("foo.com", [])]).Find("bar.com"));
}
