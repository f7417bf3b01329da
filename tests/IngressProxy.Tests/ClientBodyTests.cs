using System.Net;
using Microsoft.Extensions.Time.Testing;
using Turnpike.Primitives;
using Turnpike.Routing;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

/// <summary>Clients that announce a body and do not send it, send it drop by drop, or do not take what they asked for.</summary>
public sealed class ClientBodyTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData("Content-Length: 5")]
    [InlineData("Transfer-Encoding: chunked")]
    public async Task SilentUploads_TakeNoSlot(string framing)
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var proxy = await TestProxy.StartAsync(Limited(upstream.EndPoint, 2));
        var silent = new List<RawConnection>();
        for (var i = 0; i < 10; i++)
        {
            silent.Add(await RawConnection.ConnectAsync(proxy.Server.Http));
            await silent[^1].WriteAsync($"POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n");
        }
        await WaitForActiveAsync(proxy, 10);

        using var response = await proxy.GetAsync();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(1, upstream.Accepted);
        silent.ForEach(c => c.Dispose());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SilentStreams_TakeAQuarterOfTheSlotsAtMost(bool announced)
    {
        await using var upstream = RawUpstream.Start(async connection =>
        {
            while (await connection.TryReadHeadAsync() is { } head)
            {
                if (head.StartsWith("GET", StringComparison.Ordinal))
                    await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        });
        await using var proxy = await TestProxy.StartAsync(Limited(upstream.EndPoint, 8));
        var clients = new List<RawHttp2>();
        for (var i = 0; i < 3; i++)
        {
            clients.Add(await RawHttp2.ConnectAsync(proxy.Server.Http));
            for (var stream = 1; stream < 40; stream += 2)
            {
                await clients[^1]
                    .HeadersAsync(stream, end: false, RawHttp2.Request("POST", "/", more: announced ? [("content-length", "5")] : []));
            }
        }
        await WaitForActiveAsync(proxy, 60);

        for (var i = 0; i < 3; i++)
        {
            using var response = await proxy.GetAsync();
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
        clients.ForEach(c => c.Dispose());
    }

    [Theory]
    [InlineData("Content-Length: 5", "")]
    [InlineData("Content-Length: 5\r\nExpect: 100-continue", "")]
    [InlineData("Content-Length: 50", "hello")]
    [InlineData("Transfer-Encoding: chunked", "5\r\nhello\r\n")]
    public async Task UploadThatStalls_Is408(string framing, string beginning)
    {
        var reached = new TaskCompletionSource();
        await using var upstream = StartSilent(reached);
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint), time: _time);
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync($"POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n{beginning}");
        // Endpoints see a request when the first of its body has come.
        await (beginning.Length > 0 ? reached.Task.WaitAsync(TestContext.Current.CancellationToken) : WaitForActiveAsync(proxy, 1));
        var head = client.ReadHeadAsync();
        var passed = await Wait.Advance(_time, TimeSpan.FromSeconds(1), head);
        if ((await head).StartsWith("HTTP/1.1 100 ", StringComparison.Ordinal))
            passed += await Wait.Advance(_time, TimeSpan.FromSeconds(1), head = client.ReadHeadAsync());

        Assert.StartsWith("HTTP/1.1 408 ", await head, StringComparison.Ordinal);
        // The client's clock begins when the proxy waits for it, which is some steps of this test later.
        Assert.True(passed >= Bound, $"after {passed}");
    }

    [Fact]
    public async Task StreamThatStalls_Is408()
    {
        var reached = new TaskCompletionSource();
        await using var upstream = StartSilent(reached);
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint), time: _time);
        using var client = await RawHttp2.ConnectAsync(proxy.Server.Http);

        await client.HeadersAsync(1, end: false, RawHttp2.Request("POST", "/"));
        await client.DataAsync(1, end: false, "hello");
        await reached.Task.WaitAsync(TestContext.Current.CancellationToken);
        var outcome = client.OutcomeAsync(1);
        await Wait.Advance(_time, TimeSpan.FromSeconds(1), outcome);

        Assert.Equal("408", await outcome);
    }

    [Fact]
    public async Task UploadByDrops_Is408()
    {
        await using var upstream = RawUpstream.Start(async connection => await connection.WaitForEndAsync());
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint), time: _time);
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
        var head = client.ReadHeadAsync();
        for (var i = 0; i < 900 && !head.IsCompleted; i++)
        {
            await client.WriteAsync("x");
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(head, Wait.Lasting(TimeSpan.FromMilliseconds(5), TestContext.Current.CancellationToken));
        }

        Assert.StartsWith("HTTP/1.1 408 ", await head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UploadThatPauses_GoesOn()
    {
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            var body = await connection.ReadTextAsync(10);
            await connection.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{body}");
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint), time: _time);
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
        await WaitForActiveAsync(proxy, 1);
        _time.Advance(Bound * 0.9);
        await client.WriteAsync("world");

        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal("helloworld", await client.ReadTextAsync(10));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task ResponseThatNobodyTakes_IsBrokenOff(string version)
    {
        var ended = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            try
            {
                await connection.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                while (true)
                    await connection.WriteAsync($"1000\r\n{new string('x', 0x1000)}\r\n");
            }
            catch (IOException)
            {
                ended.SetResult();
            }
        });
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Tables.Cluster(upstream.EndPoint), Tables.Route() with { Timeout = TimeSpan.Zero }), time: _time);
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);
        if (version == "1.1")
        {
            await client.WriteAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        else
        {
            await client.WriteAsync(RawHttp2.Preface);
            await client.WriteAsync(RawHttp2.Encode(FrameType.Settings, 0, 0, []));
            await client.WriteAsync(
                RawHttp2.Encode(FrameType.Headers, Frame.EndHeaders | Frame.EndStream, 1, RawHttp2.Block(RawHttp2.Request("GET", "/"))));
        }
        await client.ReadBytesAsync(9);

        await Wait.Advance(_time, TimeSpan.FromSeconds(1), ended.Task);

        Assert.True(ended.Task.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task SilentConversation_Ends_ButNotWhileOneSideSpeaks()
    {
        var speak = new SemaphoreSlim(0);
        await using var upstream = await KestrelUpstream.StartAsync(
            async context =>
            {
                await context.Response.Body.FlushAsync(context.RequestAborted);
                while (true)
                {
                    await speak.WaitAsync(context.RequestAborted);
                    await context.Response.Body.WriteAsync("x"u8.ToArray(), context.RequestAborted);
                }
            },
            Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http2);
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(
                Tables.Cluster(upstream.EndPoint) with
                {
                    Protocol = UpstreamProtocol.Http2,
                },
                Tables.Route() with
                {
                    Timeout = TimeSpan.Zero,
                }),
            time: _time);
        using var client = await RawHttp2.ConnectAsync(proxy.Server.Http);
        await client.HeadersAsync(1, end: false, RawHttp2.Request("POST", "/"));
        Assert.Equal("200", await client.OutcomeAsync(1));

        for (var i = 0; i < 5; i++)
        {
            _time.Advance(Bound * 0.7);
            speak.Release();
            Frame frame;
            do
                frame = await client.ReadAsync();
            while (frame.Type != FrameType.Data);
            Assert.Equal("x"u8, frame.Payload);
        }
        var outcome = client.OutcomeAsync(1);
        await Wait.Advance(_time, TimeSpan.FromSeconds(1), outcome);

        Assert.Equal("reset", await outcome);
    }

    private static RouteTable Limited(IPEndPoint endpoint, int connections) =>
        Tables.To(endpoint) with
        {
            Settings = new ProxySettings
            {
                Limits = new CircuitLimits { Connections = connections, PendingRequests = 1 },
            },
        };

    private static Task<(HttpStatusCode Status, string Text)> WaitForActiveAsync(TestProxy proxy, int count) => Wait.For(
        _ => proxy.AdminAsync("/metrics"),
        page => page.Text.Contains($"turnpike_active_requests {count}\n", StringComparison.Ordinal),
        "the requests");

    /// <summary>Reads a head, and then nothing but bytes until the end.</summary>
    private static RawUpstream StartSilent(TaskCompletionSource reached) => RawUpstream.Start(async connection =>
    {
        await connection.ReadHeadAsync();
        reached.SetResult();
        await connection.WaitForEndAsync();
    });
}
