using System.Globalization;
using System.Net;
using Microsoft.Extensions.Time.Testing;
using Turnpike.IngressProxy.Upstream.Http1;
using Turnpike.Routing;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

/// <summary>Tests what goes to HTTP/1.1 endpoints, what is taken from them, and the connections between.</summary>
public sealed class UpstreamTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    public static TheoryData<string> MalformedResponses =>
    [
        "rubbish\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk",
        "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551618\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nok",
        "HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 600 Odd\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX Y: 1\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nX: 1\r\n 2\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n0\r\n\r\n",
    ];

    [Theory]
    [MemberData(nameof(MalformedResponses))]
    public async Task MalformedResponse_Is502_AndTheConnectionIsNotReused(string response)
    {
        var ended = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync(response);
            await connection.WaitForEndAsync();
            ended.TrySetResult();
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));

        using var first = await proxy.GetAsync();
        await ended.Task.WaitAsync(TestContext.Current.CancellationToken);
        using var second = await proxy.GetAsync("/", HttpVersion.Version20);

        Assert.Equal((HttpStatusCode.BadGateway, HttpStatusCode.BadGateway), (first.StatusCode, second.StatusCode));
        Assert.Equal(2, upstream.Accepted);
        Assert.Contains(proxy.Logs.Lines, l => l.Contains($"response of endpoint {upstream.EndPoint} refused: ", StringComparison.Ordinal));
        Assert.Equal(2, await MetricAsync(proxy, "turnpike_upstream_malformed_responses_total"));
    }

    [Fact]
    public async Task MalformedChunk_BreaksTheResponse()
    {
        var begun = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
            await begun.Task;
            await connection.WriteAsync("5\r\nhelloworld\r\n0\r\n\r\n");
            await connection.WaitForEndAsync();
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));

        using var response = await proxy.GetAsync();
        begun.SetResult();

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", 200)]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil", 204)]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nevil", 304)]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", 200)]
    [InlineData(
        "GET",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        200)]
    public async Task BytesBehindAResponse_GoToNobody(string method, string response, int status)
    {
        await using var upstream = RawUpstream.Answering(response);
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        for (var i = 1; i <= 3; i++)
        {
            using var request = proxy.Request(new HttpMethod(method), "/");
            using var got = await proxy.SendAsync(request, HttpVersion.Version11, TestContext.Current.CancellationToken);
            Assert.Equal(status, (int)got.StatusCode);
            Assert.DoesNotContain(
                "evil", await got.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
            Assert.Equal(i, upstream.Accepted);
        }
    }

    [Fact]
    public async Task BytesOnAnIdleConnection_CloseIt()
    {
        var go = new TaskCompletionSource();
        var sent = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync(Ok);
            await go.Task.WaitAsync(connection.Stopped);
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
            sent.TrySetResult();
            await connection.WaitForEndAsync();
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));

        using var first = await proxy.GetAsync();
        go.SetResult();
        await sent.Task.WaitAsync(TestContext.Current.CancellationToken);
        using var second = await proxy.GetAsync();

        Assert.Equal("ok", await second.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(2, upstream.Accepted);
    }

    [Fact]
    public async Task ResetContent_LosesItsBody_AndNothingElse()
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 205 Reset Content\r\nContent-Length: 5\r\nX-A: 1\r\n\r\nhello");
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        foreach (var version in new[] { HttpVersion.Version11, HttpVersion.Version20, HttpVersion.Version11 })
        {
            using var response = await proxy.GetAsync("/", version);
            Assert.Equal(HttpStatusCode.ResetContent, response.StatusCode);
            Assert.Equal("1", response.Headers.GetValues("x-a").Single());
            Assert.Equal("", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
        Assert.Equal(1, upstream.Accepted);
    }

    [Fact]
    public async Task FullDuplex_EchoOf20Megabytes_GoesBothWaysAtOnce()
    {
        const int size = 20 * 1024 * 1024;
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n");
            for (var done = 0; done < size; done += 16 * 1024)
                await connection.WriteAsync(await connection.ReadBytesAsync(16 * 1024));
        });
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Tables.Cluster(upstream.EndPoint), Tables.Route() with { Timeout = TimeSpan.Zero }));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);
        await client.WriteAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n");
        // The first bytes alone already come back: nothing waits for the end.
        var start = new byte[16 * 1024];
        Pattern.Fill(start, 0);
        await client.WriteAsync(start);

        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal(start, await client.ReadBytesAsync(start.Length));
        var sending = SendRestAsync();
        var piece = new byte[64 * 1024];
        for (var at = start.Length; at < size;)
        {
            var got = await client.ReadBytesAsync(Math.Min(piece.Length, size - at));
            Pattern.Fill(piece, at);
            Assert.True(piece.AsSpan(0, got.Length).SequenceEqual(got));
            at += got.Length;
        }
        await sending;

        async Task SendRestAsync()
        {
            var part = new byte[64 * 1024];
            for (var at = start.Length; at < size; at += part.Length)
            {
                var count = Math.Min(part.Length, size - at);
                Pattern.Fill(part, at);
                await client.Stream.WriteAsync(part.AsMemory(0, count), cancellationToken);
            }
        }
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task EarlySuccess_IsPassedOnAtOnce_AndTheRestOfTheBodyStillGoes(string front)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var received = new TaskCompletionSource<string>();
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.ReadBytesAsync(5);
            await connection.WriteAsync("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok");
            received.SetResult(await connection.ReadTextAsync(5));
            await connection.WaitForEndAsync();
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        if (front == "1.1")
        {
            using var client = await RawConnection.ConnectAsync(proxy.Server.Http);
            await client.WriteAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
            Assert.StartsWith("HTTP/1.1 201 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
            Assert.Equal("ok", await client.ReadTextAsync(2));
            await client.WriteAsync("world");
            Assert.Equal("world", await received.Task.WaitAsync(cancellationToken));
        }
        else
        {
            var pieces = System.Threading.Channels.Channel.CreateUnbounded<string>();
            using var request = proxy.Request(HttpMethod.Post, "/");
            request.Content = new ChannelContent(pieces.Reader);
            await pieces.Writer.WriteAsync("hello", cancellationToken);
            using var response = await proxy.SendAsync(request, HttpVersion.Version20, cancellationToken);
            Assert.Equal(HttpStatusCode.Created, response.StatusCode);
            Assert.Equal("ok", await response.Content.ReadAsStringAsync(cancellationToken));
            pieces.Writer.Complete();
        }
    }

    [Theory]
    [InlineData("a!b$c'd(e)f~g.example")]
    [InlineData("a.example:65535")]
    [InlineData("a.example:0")]
    [InlineData("[::1]:80")]
    public async Task Host_GoesOutOnce_AsItCame(string host)
    {
        await using var upstream = RawUpstream.Echo();
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync($"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        var lines = (await client.ReadToEndAsync()).Split("\r\n\r\n", 2)[1].Split("\r\n");

        Assert.Equal([$"Host: {host}"], lines.Where(l => l.StartsWith("host:", StringComparison.OrdinalIgnoreCase)));
        Assert.DoesNotContain(lines, l => l.StartsWith("content-length", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("POST", true)]
    [InlineData("PUT", true)]
    [InlineData("GET", false)]
    [InlineData("DELETE", false)]
    public async Task RequestWithoutABody_SaysSoOnlyWhereOneIsExpected(string method, bool expected)
    {
        await using var upstream = RawUpstream.Echo();
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        using var request = proxy.Request(new HttpMethod(method), "/", ("X-A", "1"));
        using var response = await proxy.SendAsync(request, HttpVersion.Version20, TestContext.Current.CancellationToken);

        var seen = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal(expected, seen.Contains("content-length: 0\r\n", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Values that a rule or an annotation might hold that got past admission, with the protocol of the endpoint.</summary>
    public static TheoryData<string, string, UpstreamProtocol> Poison
    {
        get
        {
            var data = new TheoryData<string, string, UpstreamProtocol>();
            foreach (var protocol in new[] { UpstreamProtocol.Http1, UpstreamProtocol.Http2 })
            {
                data.Add("header", "a\r\nX-Evil: 1", protocol);
                data.Add("header", "a\nX-Evil: 1", protocol);
                data.Add("header", "a\0", protocol);
                data.Add("header", "\u20ac", protocol);
                data.Add("header name", "x y", protocol);
                data.Add("header name", "x:\r\ny", protocol);
                data.Add("authority", "a\r\nX-Evil: 1", protocol);
                data.Add("authority", "a b", protocol);
                data.Add("authority", "a:65536", protocol);
                data.Add("path", "/a HTTP/1.1\r\nX-Evil: 1\r\n\r\n", protocol);
                data.Add("path", "/a b", protocol);
                data.Add("path", "/\u00ff", protocol);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Poison))]
    public async Task Rule_ThatWouldBreakTheRequest_Is500_AndNothingIsSent(string where, string text, UpstreamProtocol protocol)
    {
        await using var upstream = RawUpstream.Echo();
        var route = where switch
        {
            "header" => Tables.Route() with { AppendHeaders = [new HeaderToAppend("x-a", text)] },
            "header name" => Tables.Route() with { AppendHeaders = [new HeaderToAppend(text, "1")] },
            "authority" => Tables.Route() with { Rewrite = new RewriteAction(null, text) },
            _ => Tables.Route() with { Rewrite = new RewriteAction(text, null) },
        };
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Tables.Cluster(upstream.EndPoint) with { Protocol = protocol }, route));

        using var response = await proxy.GetAsync();

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal(0, upstream.Accepted);
        Assert.Contains(proxy.Logs.Lines, l => l.Contains("not sent: ", StringComparison.Ordinal));
        Assert.Equal(1, await MetricAsync(proxy, "turnpike_upstream_refused_requests_total"));
    }

    [Fact]
    public async Task EndpointThatClosesAtRandom_LosesNoGet()
    {
        const int requests = 10_000;
        var random = new Random(42);
        await using var upstream = RawUpstream.Start(async connection =>
        {
            while (await connection.TryReadHeadAsync() is not null)
            {
                await connection.WriteAsync(Ok);
                int drawn;
                lock (random)
                    drawn = random.Next(8);
                if (drawn == 0)
                    return;
                if (drawn == 1)
                {
                    // Just when the next request may be on its way.
                    await Task.Yield();
                    connection.Reset();
                    return;
                }
            }
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        var left = requests;
        var failed = 0;

        await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(async _ =>
                {
                    while (Interlocked.Decrement(ref left) >= 0)
                    {
                        using var response = await proxy.GetAsync();
                        if (
                            response.StatusCode != HttpStatusCode.OK
                            || await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken) != "ok")
                        {
                            Interlocked.Increment(ref failed);
                        }
                    }
                }));

        Assert.Equal(0, failed);
    }

    [Theory]
    [InlineData("GET", false)]
    [InlineData("GET", true)]
    [InlineData("DELETE", false)]
    public async Task StaleConnection_IsReplaced(string method, bool reset)
    {
        var heads = 0;
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            Interlocked.Increment(ref heads);
            await connection.WriteAsync(Ok);
            if (await connection.TryReadHeadAsync() is null)
                return;
            Interlocked.Increment(ref heads);
            if (reset)
                connection.Reset();
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        using var first = await proxy.GetAsync();
        using var request = proxy.Request(new HttpMethod(method), "/");

        using var second = await proxy.SendAsync(request, HttpVersion.Version11, TestContext.Current.CancellationToken);

        Assert.Equal("ok", await second.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal((2, 3), (upstream.Accepted, Volatile.Read(ref heads)));
        Assert.Equal(1, await MetricAsync(proxy, "turnpike_upstream_stale_connections_total"));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PATCH")]
    public async Task StaleConnection_ThatTookAPost_IsNotTriedAgain(string method)
    {
        var posts = 0;
        await using var upstream = RawUpstream.Start(async connection =>
        {
            while (await connection.TryReadHeadAsync() is { } head)
            {
                if (!head.StartsWith("GET", StringComparison.Ordinal))
                {
                    Interlocked.Increment(ref posts);
                    return;
                }
                await connection.WriteAsync(Ok);
            }
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        using var first = await proxy.GetAsync();
        using var request = proxy.Request(new HttpMethod(method), "/");
        request.Content = new StringContent("hello");

        using var second = await proxy.SendAsync(request, HttpVersion.Version11, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, second.StatusCode);
        Assert.Equal(1, Volatile.Read(ref posts));
        Assert.Equal(1, upstream.Accepted);
    }

    [Fact]
    public async Task FreshConnection_ThatBreaks_IsNotStale()
    {
        await using var upstream = RawUpstream.Start(async connection => await connection.ReadHeadAsync());
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));

        using var response = await proxy.GetAsync();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(1, upstream.Accepted);
    }

    [Fact]
    public async Task IdleConnection_IsClosedInTime_AndItsEndpointForgotten()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var time = new FakeTimeProvider();
        var ended = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.WaitForEndAsync();
            ended.SetResult();
        });
        using var pool = new ConnectionPool(time);
        var key = new PoolKey(new Endpoint("127.0.0.1", upstream.EndPoint.Port), "");
        var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        await socket.ConnectAsync(upstream.EndPoint, cancellationToken);
        var connection = new Http1Connection(new SocketTransport(socket), "peer");

        pool.Return(key, connection);
        time.Advance(ConnectionPool.IdleTimeout - TimeSpan.FromSeconds(1));
        Assert.Same(connection, pool.TryTake(key));
        pool.Return(key, connection);
        Assert.Equal(1, pool.EndpointCount);
        time.Advance(ConnectionPool.IdleTimeout);

        await ended.Task.WaitAsync(cancellationToken);
        Assert.Null(pool.TryTake(key));
        Assert.Equal(0, pool.EndpointCount);
    }

    [Fact]
    public async Task IdleConnections_AreClosedWithTheProxy()
    {
        var ended = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync(Ok);
            await connection.WaitForEndAsync();
            ended.SetResult();
        });
        await using (var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint)))
        {
            using var response = await proxy.GetAsync();
            Assert.False(ended.Task.IsCompleted);
        }
        await ended.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("a", "a-shadow")]
    [InlineData("a.example:8080", "a.example-shadow:8080")]
    [InlineData("[::1]:80", "[::1]:80")]
    public async Task HostOfACopy_StaysAHost(string host, string expected)
    {
        var seen = new TaskCompletionSource<string>();
        await using var upstream = RawUpstream.Echo();
        await using var copies = RawUpstream.Start(async connection => seen.SetResult(await connection.ReadHeadAsync()));
        var table = Tables.Of(
            [Tables.Cluster(upstream.EndPoint), Tables.Cluster("mirror", copies.EndPoint)],
            Tables.Route() with { MirrorCluster = "mirror" });
        await using var proxy = await TestProxy.StartAsync(table);
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");

        Assert.Contains(
            $"\r\nHost: {expected}\r\n", await seen.Task.WaitAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static async Task<int> MetricAsync(TestProxy proxy, string name)
    {
        var (_, text) = await proxy.AdminAsync("/metrics");
        var line = text.Split('\n').Single(l => l.StartsWith(name + " ", StringComparison.Ordinal));
        return int.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture);
    }
}
