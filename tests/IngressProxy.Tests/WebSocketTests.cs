using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Time.Testing;
using Turnpike.Routing;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

public sealed class WebSocketTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(200);

    private const string Handshake = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Messages_GoBothWays(string version)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var upstream = await StartEchoAsync();
        var time = new FakeTimeProvider();
        await using var proxy = await TestProxy.StartAsync(Table(upstream.EndPoint, allow: true), time: time);

        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = Version.Parse(version);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        await socket.ConnectAsync(new Uri($"ws://{proxy.Server.Http}/chat"), invoker, cancellationToken);

        // Longer than the route's timeout, which does not count here.
        var buffer = new byte[100_000];
        for (var i = 0; i < 5; i++)
        {
            var sent = new byte[20_000 * i + 1];
            Pattern.Fill(sent, i);
            await socket.SendAsync(sent, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
            var got = 0;
            ValueWebSocketReceiveResult result;
            do
            {
                result = await socket.ReceiveAsync(buffer.AsMemory(got), cancellationToken);
                got += result.Count;
            }
            while (!result.EndOfMessage);
            Assert.Equal(sent, buffer[..got]);
            time.Advance(Timeout * 2);
        }
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", cancellationToken);
        Assert.Equal(WebSocketState.Closed, socket.State);
    }

    [Fact]
    public async Task Handshake_WithoutPermission_Is403()
    {
        await using var upstream = await StartEchoAsync();
        await using var proxy = await TestProxy.StartAsync(Table(upstream.EndPoint, allow: false));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync(Handshake);

        var head = await client.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 403 ", head, StringComparison.Ordinal);
        Assert.Contains("content-type: text/plain\r\n", head, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("WebSockets are not allowed here", await client.ReadTextAsync(31));
    }

    [Fact]
    public async Task Handshake_CarriesHeadersAndRewrites()
    {
        string? seen = null;
        await using var upstream = RawUpstream.Start(async connection =>
        {
            seen = await connection.ReadHeadAsync();
            await connection.WriteAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\nX-Extra: 1\r\n\r\nhello");
            await connection.WriteAsync(await connection.ReadTextAsync(5));
        });
        var table = Tables.Of(Tables.Cluster(upstream.EndPoint), Tables.Route(PathMatch.Prefix("/")) with
        {
            AllowWebSocket = true,
            Rewrite = new RewriteAction("/v2/", "other"),
            AppendHeaders = [new HeaderToAppend("x-more", "2")],
        });
        await using var proxy = await TestProxy.StartAsync(table);
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync(Handshake);
        var head = await client.ReadHeadAsync();

        Assert.StartsWith("HTTP/1.1 101 ", head, StringComparison.Ordinal);
        Assert.Contains("Sec-WebSocket-Accept: x\r\n", head, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Upgrade: websocket\r\n", head, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("x-extra: 1\r\n", head, StringComparison.OrdinalIgnoreCase);
        Assert.StartsWith("GET /v2/chat HTTP/1.1\r\n", seen, StringComparison.Ordinal);
        foreach (var header in new[] { "Host: other", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "x-more: 2", "x-forwarded-for: 127.0.0.1" })
            Assert.Contains(header + "\r\n", seen, StringComparison.OrdinalIgnoreCase);
        // Bytes that came with the head, then an echo, then the end that upstream made.
        Assert.Equal("hello", await client.ReadTextAsync(5));
        await client.WriteAsync("world");
        Assert.Equal("world", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Refusal_OfUpstream_ReachesTheClient()
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
        await using var proxy = await TestProxy.StartAsync(Table(upstream.EndPoint, allow: true));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync(Handshake);

        Assert.StartsWith("HTTP/1.1 401 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal("no", await client.ReadTextAsync(2));
    }

    [Fact]
    public async Task RefusedConnection_Is503()
    {
        await using var proxy = await TestProxy.StartAsync(Table(RawUpstream.Refusing(), allow: true));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync(Handshake);

        Assert.StartsWith("HTTP/1.1 503 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PlainRequest_OnSuchARoute_IsOrdinary()
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var proxy = await TestProxy.StartAsync(Table(upstream.EndPoint, allow: true));

        using var response = await proxy.GetAsync("/chat", HttpVersion.Version11, ("upgrade", "websocket"));

        Assert.Equal("ok", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ClientThatLeaves_EndsTheSocketUpstream()
    {
        var ended = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
            await connection.WaitForEndAsync();
            ended.SetResult();
        });
        await using var proxy = await TestProxy.StartAsync(Table(upstream.EndPoint, allow: true));
        using (var client = await RawConnection.ConnectAsync(proxy.Server.Http))
        {
            await client.WriteAsync(Handshake);
            await client.ReadHeadAsync();
        }

        await ended.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task ClientThatHasSentAll_StillReceives()
    {
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
            var received = await connection.ReadToEndAsync();
            await connection.WriteAsync($"got {received}");
        });
        await using var proxy = await TestProxy.StartAsync(Table(upstream.EndPoint, allow: true));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);
        await client.WriteAsync(Handshake);
        await client.ReadHeadAsync();

        await client.WriteAsync("all of it");
        client.EndWriting();

        Assert.Equal("got all of it", await client.ReadToEndAsync());
    }

    private static RouteTable Table(IPEndPoint endpoint, bool allow) =>
        Tables.Of(Tables.Cluster(endpoint), Tables.Route() with { AllowWebSocket = allow, Timeout = Timeout });

    internal static Task<KestrelUpstream> StartEchoAsync() => KestrelUpstream.StartAsync(EchoAsync);

    internal static async Task EchoAsync(HttpContext context)
    {
#pragma warning disable CA5350 // RFC 6455 wants it.
        var accept = SHA1.HashData(Encoding.ASCII.GetBytes(context.Request.Headers.SecWebSocketKey + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
#pragma warning restore CA5350
        context.Response.Headers.SecWebSocketAccept = Convert.ToBase64String(accept);
        context.Response.Headers.Upgrade = "websocket";
        var stream = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        using var socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = true });
        var buffer = new byte[10_000];
        while (true)
        {
            var result = await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted);
            if (result.MessageType == WebSocketMessageType.Close)
                break;
            await socket.SendAsync(buffer.AsMemory(0, result.Count), result.MessageType, result.EndOfMessage, context.RequestAborted);
        }
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", context.RequestAborted);
    }
}
