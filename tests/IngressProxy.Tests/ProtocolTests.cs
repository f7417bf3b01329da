using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Turnpike.Routing;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

/// <summary>Corners of HTTP that a proxy gets wrong easily.</summary>
public sealed class ProtocolTests
{
    public static TheoryData<string, string> Generations => new()
    {
        { "1.1", "1.1" },
        { "2.0", "1.1" },
        { "1.1", "2.0" },
        { "2.0", "2.0" },
    };

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task EarlyHints_AreDropped_AndTheAnswerComes(string version)
    {
        await using var upstream = RawUpstream.Answering(
            "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 "
                + "OK\r\nContent-Length: 2\r\n\r\nok");
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        for (var i = 0; i < 2; i++)
        {
            using var response = await proxy.GetAsync("/", Version.Parse(version));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.False(response.Headers.Contains("link"));
            Assert.Equal("ok", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
    }

    [Theory]
    [InlineData(5, "417 Expectation Failed", false)]
    [InlineData(100_000, "417 Expectation Failed", false)]
    [InlineData(5, "417 Expectation Failed", true)]
    [InlineData(100_000, "417 Expectation Failed", true)]
    [InlineData(5, "200 OK", false)]
    public async Task Expect_IsAnsweredAtOnce(int length, string status, bool close)
    {
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync($"HTTP/1.1 {status}\r\nContent-Length: 2\r\n{(close ? "Connection: close\r\n" : "")}\r\nno");
            if (!close)
                await connection.WaitForEndAsync();
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n");
        var head = await client.ReadHeadAsync();
        // The proxy may want the body all the same, where it is small.
        if (head.StartsWith("HTTP/1.1 100 ", StringComparison.Ordinal))
        {
            await client.WriteAsync(new string('x', length));
            head = await client.ReadHeadAsync();
        }

        Assert.StartsWith($"HTTP/1.1 {status[..3]} ", head, StringComparison.Ordinal);
        Assert.Equal("no", await client.ReadTextAsync(2));
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task AnswersWithoutBodies_HaveNone(string front, string back)
    {
        await using var upstream = await StartAsync(back, context =>
        {
            context.Response.StatusCode = int.Parse(context.Request.Path.Value![1..], System.Globalization.CultureInfo.InvariantCulture);
            context.Response.Headers.ETag = "\"x\"";
            if (context.Response.StatusCode == 200)
                context.Response.ContentLength = 1234;
            return Task.CompletedTask;
        });
        await using var proxy = await TestProxy.StartAsync(TableTo(upstream.EndPoint, back));
        foreach (var (method, status) in new[] { (HttpMethod.Head, 200), (HttpMethod.Get, 204), (HttpMethod.Get, 304), (HttpMethod.Head, 304) })
        {
            using var response = await proxy.SendAsync(proxy.Request(method, $"/{status}"), Version.Parse(front), TestContext.Current.CancellationToken);
            Assert.Equal(status, (int)response.StatusCode);
            Assert.Equal("\"x\"", response.Headers.ETag!.Tag);
            Assert.Empty(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
            if (status == 200)
                Assert.Equal(1234, response.Content.Headers.ContentLength);
        }
    }

    [Theory]
    [InlineData("HEAD", 404)]
    [InlineData("HEAD", 503)]
    public async Task LocalAnswerToHead_HasNoBody(string method, int status)
    {
        await using var proxy = await TestProxy.StartAsync(status == 404 ? RouteTable.Empty : Tables.To(RawUpstream.Refusing()));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync($"{method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        var answer = await client.ReadToEndAsync();

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
    }

    /// <summary>The server has no way to send them in HTTP/1.1, where they may be dropped.</summary>
    [Theory]
    [InlineData("1.1", false)]
    [InlineData("2.0", true)]
    public async Task Trailers_OfAnAnswer_ReachTheClient_OverHttp2(string front, bool arrive)
    {
        await using var upstream = RawUpstream.Answering(
            "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 42\r\n\r\n");
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));

        using var response = await proxy.GetAsync("/", Version.Parse(front), ("te", "trailers"));

        Assert.Equal("hello", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(arrive, response.TrailingHeaders.TryGetValues("x-sum", out var sum) && sum.Single() == "42");
        Assert.False(response.Headers.Contains("trailer"));
    }

    [Fact]
    public async Task Trailers_OfARequest_DoNotDisturb()
    {
        string? received = null;
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            var body = new StringBuilder();
            while (!body.ToString().EndsWith("0\r\n\r\n", StringComparison.Ordinal))
                body.Append(await connection.ReadTextAsync(1));
            received = body.ToString();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            await connection.WaitForEndAsync();
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync(
            "POST / HTTP/1.1\r\nHost: a\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 42\r\n\r\nGET "
                + "/ HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal("5\r\nhello\r\n0\r\n\r\n", received);
    }

    [Theory]
    [InlineData("1.1", false)]
    [InlineData("1.1", true)]
    [InlineData("2.0", false)]
    public async Task EventStream_LivesOn_WithoutATimeout_AndEndsWithOne(string front, bool timeout)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var ended = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
            await connection.WaitForEndAsync();
            ended.SetResult();
        });
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(
                Tables.Cluster(upstream.EndPoint),
                Tables.Route() with
                {
                    Timeout = timeout ? TimeSpan.FromSeconds(15) : TimeSpan.Zero,
                }),
            time: time);

        var response = await proxy.GetAsync("/", Version.Parse(front), ("accept", "text/event-stream"));
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var first = new byte[9];
        await stream.ReadExactlyAsync(first, cancellationToken);
        Assert.Equal("data: 1\n\n", Encoding.ASCII.GetString(first));
        var next = stream.ReadAsync(first, cancellationToken).AsTask();
        time.Advance(TimeSpan.FromHours(10));

        if (timeout)
        {
            await Assert.ThrowsAnyAsync<IOException>(() => next);
        }
        else
        {
            Assert.False(ended.Task.IsCompleted);
            Assert.False(next.IsCompleted);
            response.Dispose();
            await Assert.ThrowsAnyAsync<IOException>(() => next);
            // A client of HTTP/1.1 that has gone looks like one that half-closed, for a while.
            await Wait.Advance(time, TimeSpan.FromSeconds(1), ended.Task);
        }
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(20), cancellationToken);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task WebSocket_WorksOverTls(string version)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var upstream = await WebSocketTests.StartEchoAsync();
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Tables.Cluster(upstream.EndPoint), Tables.Route() with { AllowWebSocket = true }) with
            {
                Certificates = [TlsTests.Make("x")],
            });
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = Version.Parse(version);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var invoker = new HttpMessageInvoker(
            new SocketsHttpHandler { SslOptions = new() { RemoteCertificateValidationCallback = (_, _, _, _) => true } });

        await socket.ConnectAsync(new Uri($"wss://{proxy.Server.Https}/chat"), invoker, cancellationToken);
        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
        var buffer = new byte[10];
        var result = await socket.ReceiveAsync(buffer, cancellationToken);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", cancellationToken);

        Assert.Equal("hello", Encoding.ASCII.GetString(buffer, 0, result.Count));
    }

    private static Task<KestrelUpstream> StartAsync(string version, RequestDelegate handler) =>
        KestrelUpstream.StartAsync(handler, version == "2.0" ? HttpProtocols.Http2 : HttpProtocols.Http1);

    private static RouteTable TableTo(IPEndPoint endpoint, string version) => Tables.Of(
        Tables.Cluster(endpoint) with { Protocol = version == "2.0" ? UpstreamProtocol.Http2 : UpstreamProtocol.Http1 },
        Tables.Route() with { Timeout = TimeSpan.Zero });
}
