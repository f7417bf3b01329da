using System.Net;
using Turnpike.Routing;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

/// <summary>Requests that break a rule of HTTP: refused at the entrance, and nothing of them reaches an endpoint.</summary>
public sealed class StrictnessTests
{
    public static TheoryData<string> MalformedHttp1 =>
    [
        // Lengths.
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\0\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \v5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\v\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5,5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1 1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0000000000000000000000005\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999999\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \u00b2\r\n\r\n",
        // Codings.
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        // Names and values.
        "GET / HTTP/1.1\r\nHost: a\r\nX(Y: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX/Y: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX@Y: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX\u00e9: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\u0001b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\u007fb\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
        // Targets.
        "GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a\vb HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a\u007fb HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
        // Hosts.
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost:\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a:\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: \u00e9\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: [a]\r\n\r\n",
        // Trailers.
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX(Y: 5\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: a\u0001\r\n\r\n",
    ];

    public static TheoryData<string, string, string> MalformedHttp2 => new()
    {
        { ":path", "/admin x", "" },
        { ":path", "/admin\tx", "" },
        { ":path", "/a\rb", "" },
        { ":path", "/a\nb", "" },
        { ":path", "/a\0b", "" },
        { ":path", "/a\u001fb", "" },
        { ":path", "/a\u007fb", "" },
        { ":path", "/a#b", "" },
        { ":path", " /a", "" },
        { ":path", "/a ", "" },
        { ":path", "/?a b", "" },
        { ":method", "G T", "" },
        { ":method", "G\r\nT", "" },
        { ":method", "G\u00e9T", "" },
        { ":authority", "a:65536", "" },
        { ":authority", "a b", "" },
        { ":authority", "a\r\nX: 1", "" },
        { ":authority", "\u00e9", "" },
        { "x\r\ny", "1", "" },
        { "x\ny", "1", "" },
        { "x:y", "1", "" },
        { "x y", "1", "" },
        { "x\0y", "1", "" },
        { "x(y", "1", "" },
        { "X-Y", "1", "" },
        { "x\u00e9", "1", "" },
        { "x", "a\r\nb: c", "" },
        { "x", "a\nb", "" },
        { "x", "a\rb", "" },
        { "x", "a\0b", "" },
        { "x", "a\u0001b", "" },
        { "x", " a", "" },
        { "x", "a ", "" },
        { "transfer-encoding", "chunked", "" },
        { "keep-alive", "timeout=5", "" },
        { "upgrade", "websocket", "" },
        { "proxy-connection", "keep-alive", "" },
        { "connection", "close", "" },
        { "te", "gzip", "" },
        { "te", "trailers, gzip", "" },
        { "content-length", "+5", "hello" },
        { "content-length", "-0", "" },
        { "content-length", "5\u000b", "hello" },
        { "content-length", " 5", "hello" },
        { "content-length", "00000000000000000000005", "hello" },
        { "content-length", "4", "hello" },
        { "content-length", "6", "hello" },
    };

    [Theory]
    [MemberData(nameof(MalformedHttp1))]
    public async Task MalformedRequest_Is400_AndReachesNobody(string request)
    {
        await using var upstream = RawUpstream.Start(ServeAsync);
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync(request);

        Assert.StartsWith("HTTP/1.1 400 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        await AssertServesAsync(proxy);
    }

    [Theory]
    [MemberData(nameof(MalformedHttp2))]
    public async Task MalformedStream_IsRefused_AndReachesNobody(string name, string value, string body)
    {
        var completed = 0;
        await using var upstream = RawUpstream.Start(async connection =>
        {
            while (await connection.TryReadHeadAsync() is { } head)
            {
                if (!head.StartsWith("GET /well ", StringComparison.Ordinal))
                {
                    // Only a request that is whole counts: a body of the wrong length is known to be wrong at its end.
                    if (head.Contains("content-length:", StringComparison.OrdinalIgnoreCase))
                        await connection.ReadTextAsync(6);
                    Interlocked.Increment(ref completed);
                }
                await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        using var client = await RawHttp2.ConnectAsync(proxy.Server.Http);
        var fields = RawHttp2.Request(body.Length > 0 ? "POST" : "GET", "/").ToList();
        if (fields.FindIndex(f => f.Name == name) is >= 0 and var at)
            fields[at] = (name, value);
        else
            fields.Add((name, value));

        await client.HeadersAsync(1, body.Length == 0, [.. fields]);
        if (body.Length > 0)
            await client.DataAsync(1, end: true, body);

        Assert.Contains(await client.OutcomeAsync(1), new[] { "400", "reset", "goaway", "closed" });
        Assert.Equal(0, completed);
        await AssertServesAsync(proxy);
    }

    [Theory]
    [InlineData("x\r\ny", "1")]
    [InlineData("x", "a\r\nb")]
    [InlineData("x", "a\0b")]
    [InlineData("x y", "1")]
    [InlineData("transfer-encoding", "chunked")]
    [InlineData("content-length", "5")]
    [InlineData("host", "b")]
    [InlineData(":path", "/b")]
    public async Task MalformedTrailer_IsRefused(string name, string value)
    {
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            if (!(await connection.ReadToEndAsync()).EndsWith("0\r\n\r\n", StringComparison.Ordinal))
                return;
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        using var client = await RawHttp2.ConnectAsync(proxy.Server.Http);

        await client.HeadersAsync(1, end: false, RawHttp2.Request("POST", "/"));
        await client.DataAsync(1, end: false, "hello");
        await client.HeadersAsync(1, end: true, (name, value));

        Assert.Contains(await client.OutcomeAsync(1), new[] { "400", "reset", "goaway", "closed" });
    }

    [Fact]
    public async Task HighBytesInAPath_AreEncoded_ForEverybodyWhoSeesIt()
    {
        await using var upstream = RawUpstream.Echo();
        await using var proxy = await TestProxy.StartAsync(Tables.Of(
            Tables.Cluster(upstream.EndPoint),
            Tables.Route(PathMatch.Prefix("/r\u00e9")) with { Redirect = new RedirectAction(301, null, "wrong", null) },
            Tables.Route(PathMatch.Prefix("/r%E9")) with { Redirect = new RedirectAction(301, null, "b", null) },
            Tables.Route(PathMatch.Prefix("/old")) with { Rewrite = new RewriteAction("/new", null) },
            Tables.Route()));
        using var client = await RawHttp2.ConnectAsync(proxy.Server.Http);
        var high = new string('\u00ff', 300);

        await client.HeadersAsync(1, end: true, RawHttp2.Request("GET", $"/{high}"));
        Assert.Equal("200", await client.OutcomeAsync(1));
        var encoded = string.Concat(Enumerable.Repeat("%FF", 300));
        Assert.StartsWith($"GET /{encoded} HTTP/1.1\r\n", await client.BodyAsync(1), StringComparison.Ordinal);

        await client.HeadersAsync(7, end: true, RawHttp2.Request("GET", $"/q?{high}"));
        Assert.Equal("200", await client.OutcomeAsync(7));
        Assert.StartsWith($"GET /q?{encoded} HTTP/1.1\r\n", await client.BodyAsync(7), StringComparison.Ordinal);

        await client.HeadersAsync(9, end: true, RawHttp2.Request("GET", "/old\u0080\u00ff"));
        Assert.Equal("200", await client.OutcomeAsync(9));
        var forwarded = await client.BodyAsync(9);
        Assert.StartsWith("GET /new%80%FF HTTP/1.1\r\n", forwarded, StringComparison.Ordinal);
        Assert.Contains("x-envoy-original-path: /old%80%FF\r\n", forwarded, StringComparison.Ordinal);

        await client.HeadersAsync(11, end: true, RawHttp2.Request("GET", "/r\u00e9x"));
        var head = "";
        while (!head.Contains("http://", StringComparison.Ordinal))
        {
            var frame = await client.ReadAsync();
            if (frame.Stream == 11)
                head = System.Text.Encoding.Latin1.GetString(frame.Payload);
        }
        Assert.Contains("http://b/r%E9x", head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://a/b?c", "a", "/b?c")]
    [InlineData("http://A/b", "a", "/b")]
    [InlineData("http://a", "a", "/")]
    [InlineData("http://a?x", "a", "/?x")]
    [InlineData("http://a:80/b", "a", "/b")]
    [InlineData("http://a/b", "a:80", "/b")]
    [InlineData("http://a:8080/b", "a:8080", "/b")]
    public async Task AbsoluteForm_OfTheSameHost_IsServed(string target, string host, string path)
    {
        await using var upstream = RawUpstream.Echo();
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync($"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");

        Assert.Contains($"\r\n\r\nGET {path} HTTP/1.1\r\n", await client.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("DELETE")]
    public async Task RequestWithoutABody_GainsNoLength(string method)
    {
        await using var upstream = RawUpstream.Echo();
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync($"{method} / HTTP/1.1\r\nHost: a\r\nX-Odd!#$%&'*+.^_`|~: \u00e9\r\nConnection: close\r\n\r\n");
        var answer = await client.ReadToEndAsync();

        var forwarded = answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        Assert.Contains("X-Odd!#$%&'*+.^_`|~: \u00e9\r\n", forwarded, StringComparison.Ordinal);
        Assert.DoesNotContain("content-length", forwarded, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task CookiesInPieces_AreOneHeader_ForConditionsAndEndpoints()
    {
        await using var upstream = RawUpstream.Echo();
        await using var proxy = await TestProxy.StartAsync(Tables.Of(
            Tables.Cluster(upstream.EndPoint),
            Tables.Route() with
            {
                Conditions = [new Condition(ConditionTarget.Header, "cookie", ConditionKind.Regex, ".*b=2.*")],
                Fault = new FaultAction(0, TimeSpan.Zero, 100, 403),
            },
            Tables.Route()));
        using var client = await RawHttp2.ConnectAsync(proxy.Server.Http);

        await client.HeadersAsync(1, end: true, RawHttp2.Request("GET", "/", more: [("cookie", "a=1"), ("cookie", "b=2")]));
        Assert.Equal("403", await client.OutcomeAsync(1));
        await client.HeadersAsync(3, end: true, RawHttp2.Request("GET", "/", more: [("cookie", "a=1"), ("cookie", "c=3")]));
        Assert.Equal("200", await client.OutcomeAsync(3));
        Assert.Contains("cookie: a=1; c=3\r\n", await client.BodyAsync(3), StringComparison.OrdinalIgnoreCase);

        using var other = await RawConnection.ConnectAsync(proxy.Server.Http);
        await other.WriteAsync("GET / HTTP/1.1\r\nHost: a\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 403 ", await other.ReadHeadAsync(), StringComparison.Ordinal);
    }

    private static async Task AssertServesAsync(TestProxy proxy)
    {
        using var response = await proxy.GetAsync("/well");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static async Task ServeAsync(RawConnection connection)
    {
        while (await connection.TryReadHeadAsync() is { } head)
        {
            // A body whose end is wrong may be on its way when that shows.
            if (!head.StartsWith("GET /well ", StringComparison.Ordinal))
            {
                await connection.WaitForEndAsync();
                return;
            }
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    }
}
