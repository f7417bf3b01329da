using Turnpike.Routing;

namespace Turnpike.Tests.Routing;

public sealed class VirtualHostSetTests
{
    private static readonly VirtualHostSet Hosts = new([
        new VirtualHost("foo.com", []),
        new VirtualHost("*.foo.com", []),
        new VirtualHost("a.b.foo.com", []),
        new VirtualHost("*", []),
        new VirtualHost("[::1]", []),
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

    /// <summary>Two kinds of wildcard: one label, and one label or more. The longest name behind the wildcard goes first.</summary>
    [Theory]
    [InlineData("a.x.com", "*.x.com")]
    [InlineData("A.X.COM:80", "*.x.com")]
    [InlineData("b.a.x.com", "**.x.com")]
    [InlineData("c.b.a.x.com", "**.x.com")]
    [InlineData("b.deep.x.com", "**.deep.x.com")]
    [InlineData("x.com", "**.com")]
    [InlineData("y.com", "**.com")]
    [InlineData("z.y.com", "**.com")]
    [InlineData("com", "*")]
    [InlineData(".com", "*")]
    [InlineData("exact.b.x.com", "exact.b.x.com")]
    [InlineData("x.org", "*")]
    public void Find_TellsTwoKindsOfWildcardApart(string authority, string domain)
    {
        var hosts = new VirtualHostSet(
            [.. new[] { "*", "**.com", "*.x.com", "**.x.com", "**.deep.x.com", "exact.b.x.com" }.Select(d => new VirtualHost(d, []))]);
        Assert.Equal(domain, hosts.Find(authority)?.Domain);
    }

    /// <summary>No name is longer than 255 bytes, and no name has a byte beyond ASCII: such a host has no owner.</summary>
    [Fact]
    public void Find_OfWhatIsNoName_TakesAny()
    {
        var hosts = new VirtualHostSet([new VirtualHost("**.com", [])]);
        Assert.NotNull(hosts.Find(new string('a', 251) + ".com"));
        Assert.Null(hosts.Find(new string('a', 252) + ".com"));
        Assert.Null(hosts.Find("caf\u00e9.com"));
        Assert.Equal("*", Hosts.Find(new string('a', 70_000))?.Domain);
    }

    [Fact]
    public void Find_WithoutAny_FindsNothingElse() =>
        Assert.Null(new VirtualHostSet([new VirtualHost("foo.com", [])]).Find("bar.com"));
}
