using Turnpike.Routing;

namespace Turnpike.Tests.Routing;

public sealed class ListenerTests
{
    [Fact]
    public void Listeners_AreInTheOrderOfTheirNames_WhateverOrderTheyWereGivenIn()
    {
        var table = new RouteTable { Listeners = [Listener("b"), Listener("a", 80), Listener("c", 81)] };
        Assert.Equal(["a", "b", "c"], table.Listeners.Select(l => l.Name));
        Assert.Equal(
            TableResources.Of(table).TableVersion,
            TableResources.Of(new RouteTable { Listeners = [.. table.Listeners.Reverse()] }).TableVersion);
    }

    [Fact]
    public void SeveralPortsThatTheProxyChooses_AreNoClash() =>
        Assert.Equal(2, new RouteTable { Listeners = [Listener("a"), Listener("b")] }.Listeners.Length);

    [Fact]
    public void TwoOfOneName_AreRefused() =>
        AssertRefused("two listeners have the name \"a\"", Listener("a", 1), Listener("b", 2), Listener("a", 3));

    [Fact]
    public void TwoOfOnePort_AreRefused() =>
        AssertRefused("listeners \"a\" and \"c\" both have port 80", Listener("a", 80), Listener("b", 81), Listener("c", 80));

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("A")]
    [InlineData("a b")]
    [InlineData("-a")]
    [InlineData("a.")]
    [InlineData("ä")]
    public void WhatIsNoName_IsRefused(string name)
    {
        AssertRefused($"\"{name}\" is not the name of a listener", Listener(name));
        AssertRefused($"\"{name}\" is not the name of a protocol", Listener("a") with { Protocol = name });
    }

    [Fact]
    public void LongName_IsRefused() => AssertRefused("is not the name of a listener", Listener(new string('a', 254)));

    [Theory]
    [InlineData(-1)]
    [InlineData(65536)]
    public void WhatIsNoPort_IsRefused(int port) => AssertRefused($"{port} is not a port", Listener("a", port));

    [Fact]
    public void HostsOfTcp_AreRefused() =>
        AssertRefused(
            "it is for TCP and has the virtual host x",
            Listener("a") with { Protocol = ListenerProtocols.Tcp, Hosts = new([new VirtualHost("x", [])]) });

    [Fact]
    public void Text_NamesWhatIsNotPlainFromTheName()
    {
        var hosts = new VirtualHostSet([new VirtualHost("x", [])]);
        var table = new RouteTable
        {
            Listeners =
            [
                .. IngressListeners.Of(hosts, null),
                new Listener { Name = "admin", Protocol = ListenerProtocols.Http, Port = 9000, Hosts = hosts },
                new Listener { Name = "mysql", Protocol = ListenerProtocols.Tcp, Port = 3306 },
            ],
        };
        Assert.Equal(
            "listener admin protocol http port 9000\n  host x\nlistener http\n  host x\nlistener mysql protocol tcp port 3306\n",
            TableText.Write(table));
    }

    private static Listener Listener(string name, int port = 0) => new() { Name = name, Protocol = ListenerProtocols.Http, Port = port };

    private static void AssertRefused(string why, params Listener[] listeners)
    {
        var e = Assert.Throws<ArgumentException>(() => new RouteTable { Listeners = [.. listeners] });
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }
}
