using System.Net;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Turnpike.Routing;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

/// <summary>gRPC over HTTP/2, with prior knowledge and by ALPN.</summary>
public sealed class GrpcTests
{
    private const string ContentType = "application/grpc";

    public static TheoryData<bool> WithAndWithoutTls => [false, true];

    [Theory]
    [MemberData(nameof(WithAndWithoutTls))]
    public async Task Stream_GoesBothWaysAtOnce_AndEndsWithItsStatus(bool tls)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var upstream = await KestrelUpstream.StartAsync(
            async context =>
            {
                Assert.Equal("HTTP/2", context.Request.Protocol);
                Assert.Equal("trailers", context.Request.Headers.TE);
                context.Response.ContentType = ContentType;
                await context.Response.Body.FlushAsync(context.RequestAborted);
                var buffer = new byte[100];
                while (await context.Request.Body.ReadAsync(buffer, context.RequestAborted) is > 0 and var count)
                {
                    await context.Response.Body.WriteAsync(buffer.AsMemory(0, count), context.RequestAborted);
                    await context.Response.Body.FlushAsync(context.RequestAborted);
                }
                context.Response.AppendTrailer("grpc-status", "5");
                context.Response.AppendTrailer("grpc-message", "not%20here");
            },
            HttpProtocols.Http2);
        await using var proxy = await TestProxy.StartAsync(TableTo(upstream.EndPoint));
        var messages = Channel.CreateUnbounded<string>();

        using var response = await SendAsync(proxy, tls, new ChannelContent(messages.Reader), ("te", "trailers"));
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var received = new byte[9];
        for (var i = 0; i < 5; i++)
        {
            await messages.Writer.WriteAsync($"message {i}", cancellationToken);
            await stream.ReadExactlyAsync(received, cancellationToken);
            Assert.Equal($"message {i}", Encoding.ASCII.GetString(received));
        }
        messages.Writer.Complete();
        Assert.Equal(0, await stream.ReadAsync(received, cancellationToken));

        Assert.Equal("5", response.TrailingHeaders.GetValues("grpc-status").Single());
        Assert.Equal("not%20here", response.TrailingHeaders.GetValues("grpc-message").Single());
    }

    [Theory]
    [MemberData(nameof(WithAndWithoutTls))]
    public async Task TrailersOnlyAnswer_StaysOne(bool tls)
    {
        await using var upstream = await KestrelUpstream.StartAsync(
            context =>
            {
                context.Response.ContentType = ContentType;
                context.Response.Headers["grpc-status"] = "12";
                return Task.CompletedTask;
            },
            HttpProtocols.Http2);
        await using var proxy = await TestProxy.StartAsync(TableTo(upstream.EndPoint));

        using var response = await SendAsync(proxy, tls, new ByteArrayContent([0, 0, 0, 0, 0]));

        Assert.Equal("12", response.Headers.GetValues("grpc-status").Single());
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Empty(response.TrailingHeaders);
    }

    [Fact]
    public async Task Deadline_IsPassedOn_AndItsEndReachesUpstream()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var deadline = new TaskCompletionSource<string>();
        var ended = new TaskCompletionSource();
        await using var upstream = await KestrelUpstream.StartAsync(
            async context =>
            {
                context.RequestAborted.Register(() => ended.TrySetResult());
                deadline.SetResult(context.Request.Headers["grpc-timeout"].ToString());
                await ended.Task;
            },
            HttpProtocols.Http2);
        await using var proxy = await TestProxy.StartAsync(TableTo(upstream.EndPoint));
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

        // A gRPC client resets its stream when its deadline is over.
        var sending = proxy.SendAsync(
            Request(proxy, false, new ByteArrayContent([]), ("grpc-timeout", "250m")), HttpVersion.Version20, over.Token);
        Assert.Equal("250m", await deadline.Task.WaitAsync(cancellationToken));
        await over.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(20), cancellationToken);
    }

    [Theory]
    [InlineData("application/grpc", "timeout", 4, "upstream request timeout")]
    [InlineData("application/grpc+proto", "empty", 14, "no healthy upstream")]
    [InlineData("application/grpc;x=y", "refusing", 14, "upstream connect error or disconnect/reset before headers")]
    [InlineData("application/grpc", "abort", 14, "fault filter abort")]
    [InlineData("application/grpc", "none%2Fx", 12, "no route for \"/none%252Fx\" under host \"127.0.0.1\"")]
    public async Task ErrorsOfTheProxy_AreGrpcsOwn(string contentType, string cause, int status, string message)
    {
        await using var deaf = RawUpstream.Start(connection => connection.WaitForEndAsync());
        var http2 = Tables.Cluster("c", deaf.EndPoint) with { Protocol = UpstreamProtocol.Http2 };
        await using var proxy = await TestProxy.StartAsync(Tables.Of(
            [http2, Tables.Cluster("empty"), Tables.Cluster("refusing", RawUpstream.Refusing())],
            Tables.Route(PathMatch.Exact("/timeout"), "c") with { Timeout = TimeSpan.FromMilliseconds(300) },
            Tables.Route(PathMatch.Exact("/empty"), "empty"),
            Tables.Route(PathMatch.Exact("/refusing"), "refusing"),
            Tables.Route(PathMatch.Exact("/abort"), "c") with { Fault = new FaultAction(0, TimeSpan.Zero, 100, 503) }));
        var request = Request(proxy, false, new ByteArrayContent([0, 0, 0, 0, 0]));
        request.RequestUri = new Uri(request.RequestUri!, "/" + cause);
        request.Content!.Headers.Remove("content-type");
        request.Content.Headers.TryAddWithoutValidation("content-type", contentType);

        using var response = await proxy.SendAsync(request, HttpVersion.Version20, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/grpc", response.Content.Headers.ContentType!.ToString());
        Assert.Equal($"{status}", response.Headers.GetValues("grpc-status").Single());
        Assert.Equal(message, response.Headers.GetValues("grpc-message").Single());
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("application/grpc-web")]
    [InlineData("application/json")]
    public async Task OtherRequests_GetHttpStatuses(string contentType)
    {
        await using var proxy = await TestProxy.StartAsync(Tables.Of(Tables.Cluster("empty"), Tables.Route(null, "empty")));
        var request = Request(proxy, false, new ByteArrayContent([0]));
        request.Content!.Headers.Remove("content-type");
        request.Content.Headers.TryAddWithoutValidation("content-type", contentType);

        using var response = await proxy.SendAsync(request, HttpVersion.Version20, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.False(response.Headers.Contains("grpc-status"));
    }

    [Fact]
    public async Task Timeout_DoesNotRun_WhileTheClientStreams()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var reached = new TaskCompletionSource();
        await using var upstream = await KestrelUpstream.StartAsync(
            async context =>
            {
                context.Response.ContentType = ContentType;
                await context.Response.Body.FlushAsync(context.RequestAborted);
                reached.SetResult();
                var (_, length) = await Pattern.ReadAsync(context.Request.Body, context.RequestAborted);
                await context.Response.WriteAsync($"{length} bytes", context.RequestAborted);
            },
            HttpProtocols.Http2);
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var proxy = await TestProxy.StartAsync(TableTo(upstream.EndPoint, TimeSpan.FromSeconds(3)), time: time);
        var messages = Channel.CreateUnbounded<string>();

        using var response = await SendAsync(proxy, false, new ChannelContent(messages.Reader));
        await reached.Task.WaitAsync(cancellationToken);
        time.Advance(TimeSpan.FromHours(1));
        await messages.Writer.WriteAsync("hello", cancellationToken);
        messages.Writer.Complete();

        Assert.Equal("5 bytes", await response.Content.ReadAsStringAsync(cancellationToken));
    }

    private static RouteTable TableTo(IPEndPoint endpoint, TimeSpan timeout = default)
    {
        var cluster = Tables.Cluster(endpoint) with { Protocol = UpstreamProtocol.Http2 };
        return Tables.Of(cluster, Tables.Route() with { Timeout = timeout }) with { Certificates = [TlsTests.Make("x")] };
    }

    private static HttpRequestMessage Request(TestProxy proxy, bool tls, HttpContent content, params (string Name, string Value)[] headers)
    {
        var request = proxy.Request(HttpMethod.Post, "/package.Service/Method", headers);
        if (tls)
            request.RequestUri = new Uri($"https://{proxy.Server.Https}/package.Service/Method");
        request.Content = content;
        content.Headers.TryAddWithoutValidation("content-type", ContentType);
        return request;
    }

    private static Task<HttpResponseMessage> SendAsync(
        TestProxy proxy,
        bool tls,
        HttpContent content,
        params (string Name, string Value)[] headers
    ) => proxy.SendAsync(Request(proxy, tls, content, headers), HttpVersion.Version20, TestContext.Current.CancellationToken);
}
