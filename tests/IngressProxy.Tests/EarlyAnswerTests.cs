using System.Net;
using System.Text;
using System.Threading.Channels;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

/// <summary>Tests endpoints of HTTP/1.1 that respond before they have read the whole request.</summary>
public sealed class EarlyAnswerTests
{
    private const long Large = 256L * 1024 * 1024;
    private const string Refusal = "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno";

    /// <summary>Front, whether the length is announced, and what upstream does after its response.</summary>
    public static TheoryData<string, bool, string> Cases
    {
        get
        {
            var data = new TheoryData<string, bool, string>();
            foreach (var front in new[] { "1.1", "2.0" })
            {
                foreach (var after in new[] { "stays", "closes", "resets", "reads" })
                {
                    data.Add(front, true, after);
                    data.Add(front, false, after);
                }
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Refusal_OfALargeUpload_ReachesTheClient(string front, bool announce, string after)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.ReadBytesAsync(1000);
            await connection.WriteAsync(Refusal);
            if (after == "resets")
                connection.Reset();
            else if (after == "reads")
                await connection.WaitForEndAsync();
            else if (after == "stays")
                await Wait.Forever(connection.Stopped);
        });
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Tables.Cluster(upstream.EndPoint), Tables.Route() with { Timeout = TimeSpan.Zero }));
        for (var i = 0; i < 2; i++)
        {
            var (status, text) = front == "1.1"
                ? await UploadAsync(proxy, announce)
                : await UploadOverHttp2Async(proxy, announce, cancellationToken);
            Assert.Equal((413, "no"), (status, text));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Refusal_OfAnUploadThatPauses_ReachesTheClient(bool announce)
    {
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.ReadBytesAsync(5);
            await connection.WriteAsync("HTTP/1.1 408 Request Timeout\r\nContent-Length: 4\r\nConnection: close\r\n\r\nlate");
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync(
            $"POST / HTTP/1.1\r\nHost: a\r\n{(announce ? "Content-Length: 10" : "Transfer-Encoding: chunked")}\r\n\r\n{(announce ? "" : "5\r\n")}hello"
        );

        Assert.StartsWith("HTTP/1.1 408 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal("late", await client.ReadTextAsync(4));
    }

    [Fact]
    public async Task NextRequest_GoesOverAnotherConnection()
    {
        var bodies = new List<string>();
        await using var upstream = RawUpstream.Start(async connection =>
        {
            while (await connection.TryReadHeadAsync() is { } head)
            {
                if (head.StartsWith("POST", StringComparison.Ordinal))
                {
                    await connection.WriteAsync(Refusal);
                    lock (bodies)
                        bodies.Add("");
                    var rest = await connection.ReadToEndAsync();
                    lock (bodies)
                        bodies[^1] += rest;
                    return;
                }
                await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal((413, "no"), await UploadAsync(proxy, announce: false));
            using var response = await proxy.GetAsync();
            Assert.Equal("ok", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
        // A response that was cut short must not look whole.
        Assert.All(bodies, b => Assert.DoesNotContain("0\r\n\r\n", b, StringComparison.Ordinal));
    }

    [Fact]
    public async Task EarlySuccess_CutsNothing()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var answered = new TaskCompletionSource();
        var received = new TaskCompletionSource<string>();
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.ReadBytesAsync(5);
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            answered.SetResult();
            received.SetResult(await connection.ReadTextAsync(5));
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        var pieces = Channel.CreateUnbounded<string>();
        using var request = proxy.Request(HttpMethod.Post, "/");
        request.Content = new ChannelContent(pieces.Reader);
        request.Content.Headers.ContentLength = 10;

        await pieces.Writer.WriteAsync("hello", cancellationToken);
        var sending = proxy.SendAsync(request, HttpVersion.Version11, cancellationToken);
        await answered.Task.WaitAsync(cancellationToken);
        await pieces.Writer.WriteAsync("world", cancellationToken);
        pieces.Writer.Complete();
        using var response = await sending;

        Assert.Equal("ok", await response.Content.ReadAsStringAsync(cancellationToken));
        Assert.Equal("world", await received.Task.WaitAsync(cancellationToken));
    }

    [Fact]
    public async Task BrokenUpload_WithoutAnAnswer_IsStill503()
    {
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.ReadBytesAsync(1000);
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));

        var (status, text) = await UploadAsync(proxy, announce: true);

        Assert.Equal((503, "upstream connect error or disconnect/reset before headers"), (status, text));
    }

    [Fact]
    public async Task Refusal_OfABodyOfAnUnthinkableLength_CostsNothing()
    {
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync(Refusal);
            await connection.WaitForEndAsync();
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {long.MaxValue}\r\n\r\nhello");

        Assert.Matches("^HTTP/1.1 (413|503) ", await client.ReadHeadAsync());
    }

    /// <summary>Sends and reads at the same time, as a client that is refused early should.</summary>
    private static async Task<(int Status, string Text)> UploadAsync(TestProxy proxy, bool announce)
    {
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);
        await client.WriteAsync(
            $"POST / HTTP/1.1\r\nHost: a\r\n{(announce ? $"Content-Length: {Large}" : "Transfer-Encoding: chunked")}\r\n\r\n");
        var sending = SendAsync();
        var head = await client.ReadHeadAsync();
        var length = int.Parse(head.Split("ontent-Length: ")[1].Split("\r\n")[0], System.Globalization.CultureInfo.InvariantCulture);
        var text = await client.ReadTextAsync(length);
        client.Reset();
        await sending;
        return (int.Parse(head.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture), text);

        async Task SendAsync()
        {
            var piece = new byte[64 * 1024];
            var chunk = announce ? piece : [.. Encoding.ASCII.GetBytes($"{piece.Length:x}\r\n"), .. piece, .. "\r\n"u8.ToArray()];
            try
            {
                for (long sent = 0; sent < Large; sent += piece.Length)
                    await client.WriteAsync(chunk);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // It was told enough.
            }
        }
    }

    private static async Task<(int Status, string Text)> UploadOverHttp2Async(
        TestProxy proxy, bool announce, CancellationToken cancellationToken)
    {
        using var request = proxy.Request(HttpMethod.Post, "/");
        request.Content = new PatternContent(Large, 64 * 1024, announce);
        using var response = await proxy.SendAsync(request, HttpVersion.Version20, cancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
    }
}
