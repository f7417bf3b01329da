using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

/// <summary>Connections that are too many, that begin something and do not finish it, or that end in one direction only.</summary>
public sealed class ConnectionTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private readonly FakeTimeProvider _time = new();

    public static TheoryData<string> Unfinished =>
    [
        "P",
        "PRI * HT",
        "PRI * HTTP/2.0",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n",
        RawHttp2.Preface,
        // Half a frame's head, half of its payload, and headers that never end.
        RawHttp2.Preface + "\0\0\0\u0004\0\0\0\0\0" + "\0\0\u0008",
        RawHttp2.Preface + "\0\0\0\u0004\0\0\0\0\0" + "\0\0\u0008\u0006\0\0\0\0\0abc",
        RawHttp2.Preface + "\0\0\0\u0004\0\0\0\0\0" + "\0\0\u0001\u0001\0\0\0\0\u0001\u0082",
    ];

    [Theory]
    [MemberData(nameof(Unfinished))]
    public async Task WhatIsBegunAndNotFinished_IsClosed(string beginning)
    {
        await using var upstream = RawUpstream.Answering(Ok);
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint), time: _time);
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync(beginning);
        if (beginning == RawHttp2.Preface)
            await client.WriteAsync("\0");
        var end = client.WaitForEndAsync();
        await Wait.Advance(_time, TimeSpan.FromSeconds(1), end, most: TimeSpan.FromMinutes(10));
        await end;
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: ")]
    public async Task HeadThatDoesNotEnd_IsClosed(string beginning)
    {
        await using var proxy = await TestProxy.StartAsync(
            Tables.To(RawUpstream.Refusing()), TestProxy.Options with { HeadTimeout = TimeSpan.FromMilliseconds(500) });
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync(beginning);

        await client.WaitForEndAsync().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task IdleConnection_OfHttp2_StaysOpen()
    {
        await using var upstream = RawUpstream.Answering(Ok);
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint), time: _time);
        using var client = await RawHttp2.ConnectAsync(proxy.Server.Http);
        for (var stream = 1; stream < 6; stream += 2)
        {
            await client.HeadersAsync(stream, end: true, RawHttp2.Request("GET", "/"));
            Assert.Equal("200", await client.OutcomeAsync(stream));
            Assert.Equal("ok", await client.BodyAsync(stream));
            _time.Advance(TimeSpan.FromMinutes(50));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ClientThatHalfCloses_GetsItsResponse(bool tls)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var reached = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            reached.SetResult();
            await release.Task;
            await connection.WriteAsync(Ok);
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint) with { Certificates = [TlsTests.Make("x")] });
        using var client = await RawConnection.ConnectAsync(tls ? proxy.Server.Https : proxy.Server.Http);
        var stream = client.Stream;
        if (tls)
        {
            var secure = new SslStream(client.Stream, leaveInnerStreamOpen: true, (_, _, _, _) => true);
            await secure.AuthenticateAsClientAsync("x");
            stream = secure;
        }

        await stream.WriteAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), cancellationToken);
        await reached.Task.WaitAsync(cancellationToken);
        client.EndWriting();
        // Once later connections have been served, the proxy has also seen the end of this client's half.
        for (var i = 0; i < 20; i++)
            Assert.Equal(HttpStatusCode.OK, (await proxy.AdminAsync("/ready")).Status);
        release.SetResult();

        using var reader = new StreamReader(stream, Encoding.ASCII);
        var answer = await reader.ReadToEndAsync(cancellationToken);
        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nok", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClientThatResets_EndsItsRequest()
    {
        var reached = new TaskCompletionSource();
        var ended = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            reached.SetResult();
            await connection.WaitForEndAsync();
            ended.SetResult();
        });
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Tables.Cluster(upstream.EndPoint), Tables.Route() with { Timeout = TimeSpan.Zero }), time: _time);
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await reached.Task.WaitAsync(TestContext.Current.CancellationToken);
        client.Reset();

        await ended.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task ConnectionsBeyondTheLimit_AreClosed_AndTheOthersServed()
    {
        await using var upstream = RawUpstream.Answering(Ok);
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint), TestProxy.Options with { MaxConnections = 3 });
        var clients = new List<RawConnection>();
        for (var i = 0; i < 3; i++)
        {
            clients.Add(await RawConnection.ConnectAsync(proxy.Server.Http));
            await AskAsync(clients[i]);
        }

        try
        {
            using var beyond = await RawConnection.ConnectAsync(proxy.Server.Https);
            await beyond.WaitForEndAsync();
        }
        catch (SocketException)
        {
            // The refusal was faster than the end of our connect.
        }

        foreach (var client in clients)
            await AskAsync(client);
        Assert.Contains("turnpike_connections_refused_total 1\n", (await proxy.AdminAsync("/metrics")).Text, StringComparison.Ordinal);
        clients[0].Dispose();
        // A connection that ends makes room for another.
        while (true)
        {
            try
            {
                using var next = await RawConnection.ConnectAsync(proxy.Server.Http);
                await AskAsync(next);
                break;
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
            }
        }
        clients.ForEach(c => c.Dispose());
    }

    private static async Task AskAsync(RawConnection client)
    {
        await client.WriteAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal("ok", await client.ReadTextAsync(2));
    }
}
