using System.Net;
using System.Net.WebSockets;
using System.Text;
using Turnpike.Samples.Httpbin;

namespace Turnpike.Tests.Httpbin;

public sealed class WebSocketTests(HttpbinFixture httpbin) : IClassFixture<HttpbinFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(WebSocketMessageType.Text, 5)]
    [InlineData(WebSocketMessageType.Binary, 0)]
    [InlineData(WebSocketMessageType.Binary, 200_000)]
    public async Task Message_ComesBack_AsWhatItWas(WebSocketMessageType type, int length)
    {
        using var socket = await ConnectAsync(httpbin.Server);
        var message = Encoding.ASCII.GetBytes(new string('x', length));
        await socket.SendAsync(message, type, endOfMessage: true, Cancellation);

        var (echoType, echo) = await ReceiveAsync(socket);

        Assert.Equal(type, echoType);
        Assert.Equal(message, echo);
    }

    [Fact]
    public async Task Close_IsAnsweredInKind()
    {
        using var socket = await ConnectAsync(httpbin.Server);
        await socket.CloseAsync(WebSocketCloseStatus.PolicyViolation, "enough", Cancellation);

        Assert.Equal(WebSocketState.Closed, socket.State);
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, socket.CloseStatus);
        Assert.Equal("enough", socket.CloseStatusDescription);
    }

    [Fact]
    public async Task PlainRequest_IsToldToUpgrade()
    {
        using var response = await httpbin.SendAsync(HttpMethod.Get, "/websocket/echo");

        Assert.Equal(HttpStatusCode.UpgradeRequired, response.StatusCode);
    }

    [Fact]
    public async Task OpenSocket_DoesNotHoldUpTheEnd()
    {
        var server = await HttpbinServer.StartAsync(new HttpbinOptions { GracePeriod = TimeSpan.FromMinutes(5) }, Cancellation);
        using var socket = await ConnectAsync(server);
        await server.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(1), Cancellation);

        await Assert.ThrowsAsync<WebSocketException>(() => ReceiveAsync(socket));
    }

    private static async Task<ClientWebSocket> ConnectAsync(RunningHttpbin server)
    {
        var socket = new ClientWebSocket { Options = { Proxy = null } };
        await socket.ConnectAsync(new UriBuilder(server.Address) { Scheme = "ws", Path = "/websocket/echo" }.Uri, Cancellation);
        return socket;
    }

    private static async Task<(WebSocketMessageType Type, byte[] Message)> ReceiveAsync(WebSocket socket)
    {
        using var message = new MemoryStream();
        var buffer = new byte[4096];
        while (true)
        {
            var piece = await socket.ReceiveAsync(buffer.AsMemory(), Cancellation);
            message.Write(buffer, 0, piece.Count);
            if (piece.EndOfMessage)
                return (piece.MessageType, message.ToArray());
        }
    }
}
