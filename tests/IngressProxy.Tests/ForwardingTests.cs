using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Turnpike.Routing;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

/// <summary>Tests what goes upstream and what comes back, byte for byte where it matters.</summary>
public sealed class ForwardingTests
{
    public static TheoryData<string> Versions => ["1.1", "2.0"];

    public static TheoryData<string, string> Targets
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var version in new[] { "1.1", "2.0" })
            {
                foreach (
                    var target in new[]
                    {
                        "/",
                        "/a//b",
                        "/a/../b/./c",
                        "/a%2Fb%2f..%2e",
                        "/%C3%A4%20?x=%zz",
                        "/[a]{b}|c^`\"",
                        "/a?b?c=/../d//e",
                        "/a;p=1,2?q=a+b&&",
                        "//host/x",
                        "/a%",
                        "/?",
                    })
                {
                    data.Add(version, target);
                }
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task Target_ReachesUpstreamAsWritten(string version, string target)
    {
        await using var upstream = RawUpstream.Echo();
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        string echoed;
        if (version == "1.1")
        {
            using var client = await RawConnection.ConnectAsync(proxy.Server.Http);
            await client.WriteAsync($"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            echoed = await client.ReadToEndAsync();
        }
        else
        {
            var response = await proxy.GetAsync(target, HttpVersion.Version20);
            echoed = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        }
        Assert.Contains($"GET {target} HTTP/1.1\r\n", echoed, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Headers_ReachUpstream_WithWhatTheProxyKnows(string version)
    {
        await using var upstream = RawUpstream.Echo();
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));

        var response = await proxy.GetAsync(
            "/",
            Version.Parse(version),
            ("x-mine", "1"),
            ("cookie", "a=b; c=d"),
            ("x-envoy-max-retries", "9"),
            ("x-request-id", "mine"),
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-proto", "https"));
        var head = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Contains("x-mine: 1\r\n", head, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("cookie: a=b; c=d\r\n", head, StringComparison.OrdinalIgnoreCase);
        Assert.Contains($"Host: {proxy.Server.Http}\r\n", head, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("x-forwarded-for: 1.2.3.4, 127.0.0.1\r\n", head, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("x-forwarded-proto: http\r\n", head, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("x-envoy-expected-rq-timeout-ms: 15000\r\n", head, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("x-envoy-external-address: 127.0.0.1\r\n", head, StringComparison.OrdinalIgnoreCase);
        Assert.Matches("(?i)x-request-id: [0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\r\n", head);
        Assert.DoesNotContain("x-envoy-max-retries", head, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task HopByHopHeaders_EndAtTheProxy_BothWays()
    {
        string? seen = null;
        await using var upstream = RawUpstream.Start(async connection =>
        {
            seen = await connection.ReadHeadAsync();
            await connection.WriteAsync(
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close, X-Secret\r\nX-Secret: 1\r\nKeep-Alive: "
                    + "timeout=5\r\nServer: other\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nok");
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync(
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nProxy-Connection: keep-alive\r\nTE: "
                + "trailers, deflate\r\nUpgrade: h2c\r\nX-End: 1\r\n\r\n");
        var answer = await client.ReadHeadAsync();

        foreach (var gone in new[] { "x-hop", "keep-alive", "proxy-connection", "upgrade", "deflate" })
            Assert.DoesNotContain(gone, seen, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("te: trailers\r\n", seen, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("x-end: 1\r\n", seen, StringComparison.OrdinalIgnoreCase);
        foreach (var gone in new[] { "x-secret", "keep-alive", "other", "1970", "connection" })
            Assert.DoesNotContain(gone, answer, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n", answer, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(2, answer.Split("\r\nServer: turnpike\r\n").Length);
        Assert.Equal(2, answer.Split("\r\nDate: ").Length);
        Assert.Matches("x-envoy-upstream-service-time: [0-9]+\r\n", answer);
        Assert.Equal("ok", await client.ReadTextAsync(2));
    }

    [Fact]
    public async Task HeaderBytes_GoThroughAsTheyAre()
    {
        await using var upstream = RawUpstream.Start(async connection =>
        {
            var head = await connection.ReadHeadAsync();
            var value = head.Split("x-bytes: ")[1].Split("\r\n")[0];
            await connection.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Back: {value}\r\n\r\n");
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync("GET / HTTP/1.1\r\nHost: a\r\nx-bytes: gr\u00fc\u00df \u00e9\u00ff\r\n\r\n");

        Assert.Contains("x-back: gr\u00fc\u00df \u00e9\u00ff\r\n", await client.ReadHeadAsync(), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("GET / HTTP/1.0\r\nHost: a\r\n\r\n", 426)]
    [InlineData("GET / HTTP/1.0\r\n\r\n", 426)]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400)]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 404)]
    [InlineData("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 404)]
    [InlineData("rubbish\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400)]
    public async Task OddRequest_IsAnsweredByTheProxy(string request, int status)
    {
        await using var upstream = RawUpstream.Echo();
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync(request);

        Assert.StartsWith($"HTTP/1.1 {status} ", await client.ReadHeadAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(50_000, 200)]
    [InlineData(70_000, 431)]
    public async Task RequestHead_HasALimit(int size, int status)
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));

        var response = await proxy.GetAsync("/", HttpVersion.Version11, ("x-large", new string('x', size)));

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n", 200, "1234")]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, null)]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", 204, null)]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n", 304, null)]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 1234\r\n\r\n", 304, "1234")]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "0")]
    public async Task AnswerWithoutBody_StaysOne(string method, string answer, int status, string? length)
    {
        await using var upstream = RawUpstream.Answering(answer);
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        for (var i = 0; i < 2; i++)
        {
            await client.WriteAsync($"{method} / HTTP/1.1\r\nHost: a\r\n\r\n");
            var head = await client.ReadHeadAsync();
            Assert.StartsWith($"HTTP/1.1 {status} ", head, StringComparison.Ordinal);
            if (length is null)
                Assert.DoesNotContain("content-length", head, StringComparison.OrdinalIgnoreCase);
            else
                Assert.Contains($"content-length: {length}\r\n", head, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("transfer-encoding", head, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task Http2Upstream_IsSpokenToInHttp2_AndTrailersComeBack()
    {
        await using var upstream = await KestrelUpstream.StartAsync(
            async context =>
            {
                context.Response.Headers["x-protocol"] = context.Request.Protocol;
                context.Response.Headers["x-te"] = context.Request.Headers.TE;
                context.Response.ContentType = "application/grpc";
                await context.Response.WriteAsync("message", context.RequestAborted);
                context.Response.AppendTrailer("grpc-status", "0");
            },
            HttpProtocols.Http2);
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Tables.Cluster(upstream.EndPoint) with { Protocol = UpstreamProtocol.Http2 }, Tables.Route()));

        var response = await proxy.GetAsync("/", HttpVersion.Version20, ("te", "trailers"));
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal("message", body);
        Assert.Equal("HTTP/2", response.Headers.GetValues("x-protocol").Single());
        Assert.Equal("trailers", response.Headers.GetValues("x-te").Single());
        Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
    }

    [Fact]
    public async Task GrpcTrailersOnlyAnswer_EndsWithItsHead()
    {
        await using var upstream = await KestrelUpstream.StartAsync(
            context =>
            {
                context.Response.ContentType = "application/grpc";
                context.Response.Headers["grpc-status"] = "12";
                return Task.CompletedTask;
            },
            HttpProtocols.Http2);
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Tables.Cluster(upstream.EndPoint) with { Protocol = UpstreamProtocol.Http2 }, Tables.Route()));

        var response = await proxy.GetAsync("/", HttpVersion.Version20);

        Assert.Equal("12", response.Headers.GetValues("grpc-status").Single());
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task FirstBytes_MayComeOneByOne(int size)
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        const string http2 = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0";
        foreach (
            var (sent, answer) in new[]
            {
                ("PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 "),
                ("PRI / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 "),
                (http2, "\0\0"),
            })
        {
            using var client = await RawConnection.ConnectAsync(proxy.Server.Http);
            foreach (var piece in sent.Chunk(size))
            {
                await client.WriteAsync(new string(piece));
                await Task.Yield();
            }
            Assert.Equal(answer, await client.ReadTextAsync(answer.Length));
        }
    }

    [Fact]
    public async Task Connections_AreReused()
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        for (var i = 0; i < 20; i++)
        {
            using var response = await proxy.GetAsync();
            Assert.Equal("ok", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
        Assert.Equal(1, upstream.Accepted);
    }

    [Fact]
    public async Task GetWithContentType_AndNoBody_KeepsTheHeader()
    {
        await using var upstream = RawUpstream.Echo();
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync("GET / HTTP/1.1\r\nHost: a\r\nContent-Type: text/odd; x=1\r\nConnection: close\r\n\r\n");

        Assert.Contains("Content-Type: text/odd; x=1\r\n", await client.ReadToEndAsync(), StringComparison.Ordinal);
    }
}
