using System.Diagnostics;
using System.Net;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

/// <summary>Endpoints that are slow, broken or away, and clients that leave.</summary>
public sealed class FailureTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    public static TheoryData<string> Versions => ["1.1", "2.0"];

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Timeout_BeforeTheHead_Is504(string version)
    {
        var ended = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WaitForEndAsync();
            ended.SetResult();
        });
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Tables.Cluster(upstream.EndPoint), Tables.Route() with { Timeout = Short }));

        var began = Stopwatch.GetTimestamp();
        using var response = await proxy.GetAsync("/", Version.Parse(version));

        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
        Assert.Equal("upstream request timeout", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("text/plain", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("turnpike", response.Headers.Server.ToString());
        Assert.InRange(Stopwatch.GetElapsedTime(began), Short * 0.9, Short * 20);
        await ended.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Timeout_AfterTheHead_BreaksTheAnswerOff(string version)
    {
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
            await connection.WaitForEndAsync();
        });
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Tables.Cluster(upstream.EndPoint), Tables.Route() with { Timeout = Short }));

        using var response = await proxy.GetAsync("/", Version.Parse(version));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task PerTryTimeout_EndsWithTheHead()
    {
        var release = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
            await release.Task;
            await connection.WriteAsync("world");
        });
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var route = Tables.Route() with { Timeout = TimeSpan.Zero, Retry = new Turnpike.Routing.RetryPolicy(1, TimeSpan.FromSeconds(1)) };
        await using var proxy = await TestProxy.StartAsync(Tables.Of(Tables.Cluster(upstream.EndPoint), route), time: time);

        using var response = await proxy.GetAsync();
        time.Advance(TimeSpan.FromHours(1));
        release.SetResult();

        Assert.Equal("helloworld", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Timeout_StartsWhenTheWholeRequestHasCome()
    {
        var begun = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            var first = await connection.ReadTextAsync(5);
            begun.SetResult();
            var body = first + await connection.ReadTextAsync(5);
            await connection.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{body}");
            await connection.WaitForEndAsync();
        });
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Tables.Cluster(upstream.EndPoint), Tables.Route() with { Timeout = Short }), time: time);
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
        await begun.Task.WaitAsync(TestContext.Current.CancellationToken);
        time.Advance(Short * 2);
        await client.WriteAsync("world");

        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal("helloworld", await client.ReadTextAsync(10));
    }

    [Theory]
    [InlineData("1.1", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")]
    [InlineData("1.1", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")]
    [InlineData("2.0", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")]
    [InlineData("2.0", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")]
    public async Task AnswerThatBreaksOff_IsSeenToBreakOff(string version, string beginning)
    {
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync(beginning);
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));

        await Assert.ThrowsAnyAsync<HttpRequestException>(async () =>
        {
            using var response = await proxy.GetAsync("/", Version.Parse(version));
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        });
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le")]
    public async Task ConnectionThatBreaksBeforeTheHead_Is503(string beginning)
    {
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync(beginning);
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));

        using var response = await proxy.GetAsync();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(
            "upstream connect error or disconnect/reset before headers",
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task RefusedConnection_Is503(string version)
    {
        await using var proxy = await TestProxy.StartAsync(Tables.To(RawUpstream.Refusing()));

        using var response = await proxy.GetAsync("/", Version.Parse(version));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(
            "upstream connect error or disconnect/reset before headers",
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Contains(
            "turnpike_upstream_connect_failures_total 1\n", (await proxy.AdminAsync("/metrics")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RefusedConnection_IsTriedElsewhere_WithTheWholeBody()
    {
        await using var upstream = RawUpstream.Start(async connection =>
        {
            while (await connection.TryReadHeadAsync() is not null)
                await connection.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{await connection.ReadTextAsync(5)}");
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(RawUpstream.Refusing(), upstream.EndPoint));

        for (var i = 0; i < 6; i++)
        {
            using var request = proxy.Request(HttpMethod.Post, "/");
            request.Content = new StringContent("hello");
            using var response = await proxy.SendAsync(request, HttpVersion.Version11, TestContext.Current.CancellationToken);
            Assert.Equal("hello", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task EndpointThatRefuses_IsNotAskedAgainAtOnce()
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        // Deterministic by a clock that stands still: a second never passes.
        await using var proxy = await TestProxy.StartAsync(
            Tables.To(RawUpstream.Refusing(), upstream.EndPoint), time: new Microsoft.Extensions.Time.Testing.FakeTimeProvider());

        for (var i = 0; i < 20; i++)
            Assert.Equal(HttpStatusCode.OK, (await proxy.GetAsync()).StatusCode);

        var metrics = (await proxy.AdminAsync("/metrics")).Text;
        Assert.Contains("turnpike_upstream_connect_failures_total 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("turnpike_upstream_ejections_total 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("turnpike_upstream_ejected_endpoints 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("turnpike_upstream_overflows_total{limit=\"retries\"} 0\n", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConnectTimeout_IsTheClusters()
    {
        // A full accept queue leaves further connections without a reply.
        using var deaf = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        deaf.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        deaf.Listen(0);
        var endpoint = (IPEndPoint)deaf.LocalEndPoint!;
        using var first = await RawConnection.ConnectAsync(endpoint);
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Tables.Cluster(endpoint) with { ConnectTimeout = Short }, Tables.Route()));

        var began = Stopwatch.GetTimestamp();
        using var response = await proxy.GetAsync();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.InRange(Stopwatch.GetElapsedTime(began), Short * 0.9, Short * 20);
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("unknown")]
    public async Task NoEndpoint_Is503(string cluster)
    {
        await using var proxy = await TestProxy.StartAsync(Tables.Of(Tables.Cluster("empty"), Tables.Route(null, cluster)));

        using var response = await proxy.GetAsync();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("no healthy upstream", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("1.1", false)]
    [InlineData("1.1", true)]
    [InlineData("2.0", false)]
    [InlineData("2.0", true)]
    public async Task ClientThatLeaves_EndsTheRequestUpstream(string version, bool afterHead)
    {
        var reached = new TaskCompletionSource();
        var ended = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            if (afterHead)
                await connection.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
            reached.SetResult();
            await connection.WaitForEndAsync();
            ended.SetResult();
        });
        // Over HTTP/1.1 a client that closes looks at first like one that only has nothing more to say.
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Tables.Cluster(upstream.EndPoint), Tables.Route() with { Timeout = TimeSpan.Zero }),
            TestProxy.Options with
            {
                HalfClosedWait = Short,
            });
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

        var sending = proxy.SendAsync(proxy.Request(HttpMethod.Get, "/"), Version.Parse(version), leave.Token);
        await reached.Task.WaitAsync(leave.Token);
        if (afterHead)
            (await sending).Dispose();
        await leave.CancelAsync();

        await ended.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("5\r\nhello\r\nzz\r\n", 400)]
    public async Task BadBody_IsTheClientsFault(string body, int status)
    {
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WaitForEndAsync();
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync($"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}");

        Assert.StartsWith($"HTTP/1.1 {status} ", await client.ReadHeadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task UploadThatBreaksOff_IsNotTakenForWhole()
    {
        string? received = null;
        var reached = new TaskCompletionSource();
        var ended = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            reached.SetResult();
            received = await connection.ReadToEndAsync();
            ended.SetResult();
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        using (var client = await RawConnection.ConnectAsync(proxy.Server.Http))
        {
            await client.WriteAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
            await reached.Task.WaitAsync(TestContext.Current.CancellationToken);
        }

        await ended.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.DoesNotContain("0\r\n\r\n", received, StringComparison.Ordinal);
    }
}
