using System.Net;
using System.Net.Sockets;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Repository.Support;

public sealed class ConnectionTraceTests
{
    /// <summary>A request that is given up ends, and its trace tells how far the connection came.</summary>
    [Fact]
    public async Task RequestWithoutResponse_EndsAtItsTimeout()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        using var trace = new ConnectionTrace();
        using var handler = new SocketsHttpHandler { UseProxy = false, ConnectCallback = trace.ConnectAsync };
        using var client = new HttpClient(handler) { Timeout = TimeSpan.FromMilliseconds(200) };

        var request = client.GetAsync(new Uri($"http://{server.LocalEndpoint}/"), TestContext.Current.CancellationToken);

        var given = await Assert.ThrowsAsync<TaskCanceledException>(
            () => request.WaitAsync(Wait.Limit, TestContext.Current.CancellationToken));
        Assert.IsType<TimeoutException>(given.InnerException);
        Assert.StartsWith("connected from ", trace.ToString(), StringComparison.Ordinal);
    }
}
