using System.Net;
using Turnpike.IngressProxy;
using Turnpike.Routing;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

/// <summary>A proxy serves the listeners of a table that it has a port for, and says which it does not serve.</summary>
public sealed class ListenerTests
{
    private static readonly VirtualHostSet Hosts =
        Tables.Hosts(new Route { Path = PathMatch.Any, DirectResponse = new DirectResponseAction(200, "here") });

    [Fact]
    public async Task ListenerThatCannotBeServed_IsNamed_AndTheOthersAreServed()
    {
        await using var proxy = await TestProxy.StartAsync(Table(
            new Listener { Name = "outbound", Protocol = "of-tomorrow" },
            new Listener { Name = "mysql", Protocol = ListenerProtocols.Tcp, Port = 3306 },
            new Listener { Name = IngressListeners.Http, Protocol = ListenerProtocols.Http, Hosts = Hosts }));

        using var response = await proxy.GetAsync();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        const string line = "listener 'mysql' of the table is not served: this proxy has no port for it";
        Assert.Contains(proxy.Logs.Lines, l => l.Contains(line, StringComparison.Ordinal));
        Assert.Contains(proxy.Logs.Lines, l => l.Contains("listener 'outbound'", StringComparison.Ordinal));
        Assert.Contains("turnpike_unserved_listeners 2\n", await MetricsAsync(proxy), StringComparison.Ordinal);
    }

    /// <summary>The port in cleartext would be the only one that is left; what is for TLS only is not served on it.</summary>
    [Fact]
    public async Task ListenerOfAnotherProtocol_IsNotServed()
    {
        await using var proxy = await TestProxy.StartAsync(Table(
            new Listener { Name = IngressListeners.Http, Protocol = ListenerProtocols.Https, Hosts = Hosts }));

        using var response = await proxy.GetAsync();

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        const string line = "listener 'http' of the table is not served: its protocol is https, and this proxy speaks http there";
        Assert.Contains(proxy.Logs.Lines, l => l.Contains(line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ListenerOfAnotherPort_IsNotServed()
    {
        await using var proxy = await TestProxy.StartAsync(Table(
            new Listener { Name = IngressListeners.Http, Protocol = ListenerProtocols.Http, Port = 9, Hosts = Hosts }));

        using var response = await proxy.GetAsync();

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        const string reason = "its port is 9, and this proxy listens on port 0 for it";
        Assert.Contains(proxy.Logs.Lines, l => l.Contains(reason, StringComparison.Ordinal));
    }

    /// <summary>A table comes with each change of an endpoint; what has been said of a listener is not said again.</summary>
    [Fact]
    public async Task Obstacle_IsSaidOnce_AndAgainWhenItComesBack()
    {
        var table = Table(new Listener { Name = "mysql", Protocol = ListenerProtocols.Tcp });
        await using var proxy = await TestProxy.StartAsync(table);
        proxy.Server.Swap(table);
        Assert.Single(proxy.Logs.Lines, l => l.Contains("listener 'mysql'", StringComparison.Ordinal));

        proxy.Server.Swap(Table());
        Assert.Contains("turnpike_unserved_listeners 0\n", await MetricsAsync(proxy), StringComparison.Ordinal);
        proxy.Server.Swap(table);
        Assert.Equal(2, proxy.Logs.Lines.Count(l => l.Contains("listener 'mysql'", StringComparison.Ordinal)));
    }

    /// <summary>Ports for clients are a list: a proxy has as many as it is given, and counts the requests of each by its name.</summary>
    [Fact]
    public async Task EachPort_ServesTheListenerOfItsName()
    {
        var options = TestProxy.Options with
        {
            Listeners = [.. ListenerOptions.OfIngress(0, 0), new ListenerOptions("internal", ListenerProtocols.Http, 0)],
        };
        var table = Table(new Listener { Name = "internal", Protocol = ListenerProtocols.Http, Hosts = Hosts });
        await using var proxy = await TestProxy.StartAsync(table, options);

        using var response = await proxy.GetAsync();
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal((HttpStatusCode.OK, "here"), await proxy.FetchAsync($"http://{proxy.Server.EndPointOf("internal")}/"));
        var metrics = await MetricsAsync(proxy);
        Assert.Contains("turnpike_request_duration_seconds_count{listener=\"internal\"} 1\n", metrics, StringComparison.Ordinal);
    }

    private static RouteTable Table(params Listener[] listeners) => new() { Version = "test", Listeners = [.. listeners] };

    private static async Task<string> MetricsAsync(TestProxy proxy) => (await proxy.AdminAsync("/metrics")).Text;
}
