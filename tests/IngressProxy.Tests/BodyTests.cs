using System.Net;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Turnpike.Routing;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

/// <summary>Bodies of any size, both ways, as they come.</summary>
public sealed class BodyTests
{
    private const long Large = 64L * 1024 * 1024;
    private const int Piece = 256 * 1024;

    public static TheoryData<string, string, bool> Combinations
    {
        get
        {
            var data = new TheoryData<string, string, bool>();
            foreach (var front in new[] { "1.1", "2.0" })
            {
                foreach (var back in new[] { "1.1", "2.0" })
                {
                    data.Add(front, back, true);
                    data.Add(front, back, false);
                }
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public async Task LargeBodies_ArriveWhole_BothWays(string front, string back, bool announce)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var upstream = await StartUpstreamAsync(back, async context =>
        {
            var (hash, length) = await Pattern.ReadAsync(context.Request.Body, context.RequestAborted);
            context.Response.Headers["x-hash"] = Convert.ToHexString(hash);
            context.Response.Headers["x-length"] = length.ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (announce)
                context.Response.ContentLength = Large;
            // Odd sizes, so that no piece ends where a buffer does.
            await Pattern.WriteAsync(context.Response.Body, Large, 50_001, context.RequestAborted);
        });
        await using var proxy = await TestProxy.StartAsync(TableTo(upstream, back, TimeSpan.Zero));

        using var request = proxy.Request(HttpMethod.Post, "/");
        request.Content = new PatternContent(Large, 30_011, announce);
        using var response = await proxy.SendAsync(request, Version.Parse(front), cancellationToken);
        var (received, count) = await Pattern.ReadAsync(await response.Content.ReadAsStreamAsync(cancellationToken), cancellationToken);

        var expected = Pattern.Hash(Large);
        Assert.Equal(Large, count);
        Assert.Equal(expected, received);
        Assert.Equal(Convert.ToHexString(expected), response.Headers.GetValues("x-hash").Single());
    }

    [Theory]
    [InlineData("1.1", "1.1")]
    [InlineData("2.0", "1.1")]
    [InlineData("2.0", "2.0")]
    public async Task Events_ArriveOneByOne(string front, string back)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var next = Channel.CreateUnbounded<string>();
        await using var upstream = await StartUpstreamAsync(back, async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await foreach (var line in next.Reader.ReadAllAsync(context.RequestAborted))
            {
                await context.Response.WriteAsync(line, context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        });
        await using var proxy = await TestProxy.StartAsync(TableTo(upstream, back, TimeSpan.Zero));

        // The head comes although there is no body yet.
        using var response = await proxy.GetAsync("/", Version.Parse(front));
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[100];
        for (var i = 0; i < 5; i++)
        {
            var sent = $"data: {i}\n\n";
            await next.Writer.WriteAsync(sent, cancellationToken);
            await stream.ReadExactlyAsync(buffer.AsMemory(0, sent.Length), cancellationToken);
            Assert.Equal(sent, Encoding.ASCII.GetString(buffer, 0, sent.Length));
        }
        next.Writer.Complete();
        Assert.Equal(0, await stream.ReadAsync(buffer, cancellationToken));
    }

    [Theory]
    [InlineData("1.1", "1.1")]
    [InlineData("2.0", "1.1")]
    [InlineData("2.0", "2.0")]
    public async Task Upload_ArrivesPieceByPiece(string front, string back)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var arrived = Channel.CreateUnbounded<string>();
        await using var upstream = await StartUpstreamAsync(back, async context =>
        {
            var buffer = new byte[100];
            while (await context.Request.Body.ReadAsync(buffer, context.RequestAborted) is > 0 and var count)
                await arrived.Writer.WriteAsync(Encoding.ASCII.GetString(buffer, 0, count), context.RequestAborted);
        });
        await using var proxy = await TestProxy.StartAsync(TableTo(upstream, back, TimeSpan.Zero));
        var pieces = Channel.CreateUnbounded<string>();
        using var request = proxy.Request(HttpMethod.Post, "/");
        request.Content = new ChannelContent(pieces.Reader);

        var sending = proxy.SendAsync(request, Version.Parse(front), cancellationToken);
        for (var i = 0; i < 5; i++)
        {
            await pieces.Writer.WriteAsync($"piece {i}", cancellationToken);
            Assert.Equal($"piece {i}", await arrived.Reader.ReadAsync(cancellationToken));
        }
        pieces.Writer.Complete();
        Assert.Equal(HttpStatusCode.OK, (await sending).StatusCode);
    }

    [Fact]
    public async Task Conversation_GoesBothWaysAtOnce_OverHttp2()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var upstream = await StartUpstreamAsync("2.0", async context =>
        {
            await context.Response.Body.FlushAsync(context.RequestAborted);
            var buffer = new byte[100];
            while (await context.Request.Body.ReadAsync(buffer, context.RequestAborted) is > 0 and var count)
            {
                await context.Response.Body.WriteAsync(buffer.AsMemory(0, count), context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        });
        await using var proxy = await TestProxy.StartAsync(TableTo(upstream, "2.0", TimeSpan.Zero));
        var pieces = Channel.CreateUnbounded<string>();
        using var request = proxy.Request(HttpMethod.Post, "/");
        request.Content = new ChannelContent(pieces.Reader);

        using var response = await proxy.SendAsync(request, HttpVersion.Version20, cancellationToken);
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[7];
        for (var i = 0; i < 5; i++)
        {
            await pieces.Writer.WriteAsync($"piece {i}", cancellationToken);
            await stream.ReadExactlyAsync(buffer, cancellationToken);
            Assert.Equal($"piece {i}", Encoding.ASCII.GetString(buffer));
        }
        pieces.Writer.Complete();
        Assert.Equal(0, await stream.ReadAsync(buffer, cancellationToken));
    }

    [Fact]
    public async Task SlowReader_HoldsTheSenderBack()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var (sent, held) = (0L, false);
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: {Large * 16}\r\n\r\n");
            while (sent < Large * 16)
            {
                var writing = connection.WriteAsync(new byte[Piece]);
                Volatile.Write(ref held, !writing.IsCompleted);
                await writing;
                Volatile.Write(ref held, false);
                Interlocked.Add(ref sent, Piece);
            }
        });
        await using var proxy = await TestProxy.StartAsync(TableTo(upstream.EndPoint, "1.1", TimeSpan.Zero));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await client.ReadHeadAsync();
        // Each piece is read only after the sender was held back, so a proxy that takes more than it passes on would run far ahead.
        for (long read = 0; read < Large * 4; read += Piece)
        {
            await Wait.Until(() => Volatile.Read(ref held) || Interlocked.Read(ref sent) > read + Large, "the sender to be held back");
            Assert.InRange(Interlocked.Read(ref sent) - read, -Piece, Large);
            await client.ReadBytesAsync(Piece);
        }
    }

    [Fact]
    public async Task Continue_IsSentWhenUpstreamWantsTheBody()
    {
        await using var upstream = RawUpstream.Start(async connection =>
        {
            var head = await connection.ReadHeadAsync();
            Assert.Contains("expect: 100-continue\r\n", head, StringComparison.OrdinalIgnoreCase);
            await connection.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n");
            var body = await connection.ReadTextAsync(5);
            await connection.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{body}");
            await connection.WaitForEndAsync();
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 100 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        await client.WriteAsync("hello");
        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal("hello", await client.ReadTextAsync(5));
    }

    [Fact]
    public async Task Continue_IsNotSent_WhenUpstreamRefusesFirst()
    {
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
            await connection.WaitForEndAsync();
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 413 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
    }

    private static async Task<KestrelUpstream> StartUpstreamAsync(string version, RequestDelegate handler) =>
        await KestrelUpstream.StartAsync(handler, version == "2.0" ? HttpProtocols.Http2 : HttpProtocols.Http1);

    private static RouteTable TableTo(KestrelUpstream upstream, string version, TimeSpan timeout) =>
        TableTo(upstream.EndPoint, version, timeout);

    private static RouteTable TableTo(IPEndPoint endpoint, string version, TimeSpan timeout) => Tables.Of(
        Tables.Cluster(endpoint) with { Protocol = version == "2.0" ? UpstreamProtocol.Http2 : UpstreamProtocol.Http1 },
        Tables.Route() with { Timeout = timeout });
}
