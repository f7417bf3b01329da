using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Turnpike.Tests.Httpbin;

public sealed class AnswerTests(HttpbinFixture httpbin) : IClassFixture<HttpbinFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("200", 200)]
    [InlineData("204", 204)]
    [InlineData("500", 500)]
    [InlineData("799", 799)]
    [InlineData("503:0,429:1", 429)]
    [InlineData("404:0.5,404:2", 404)]
    public async Task Status_IsWhatWasAskedFor(string asked, int expected)
    {
        foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Post, HttpMethod.Delete])
        {
            using var response = await httpbin.SendAsync(method, $"/status/{asked}");
            Assert.Equal(expected, (int)response.StatusCode);
        }
    }

    [Fact]
    public async Task Status_DrawsEveryCodeOfAList()
    {
        var seen = new HashSet<HttpStatusCode>();
        for (var i = 0; i < 1000 && seen.Count < 2; i++)
        {
            using var response = await httpbin.SendAsync(HttpMethod.Get, "/status/200:3,503:1");
            seen.Add(response.StatusCode);
        }

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable], seen.Order());
    }

    [Theory]
    [InlineData("teapot")]
    [InlineData("100")]
    [InlineData("1000")]
    [InlineData("200,")]
    [InlineData("200:x")]
    public async Task Status_Rejects_WhatIsNoCode(string asked)
    {
        using var response = await httpbin.SendAsync(HttpMethod.Get, $"/status/{asked}");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains($"\"{asked}\"", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_HasTheHeadersThatBelongToTheCode()
    {
        using var moved = await httpbin.SendAsync(HttpMethod.Get, "/status/302");
        using var unauthorized = await httpbin.SendAsync(HttpMethod.Get, "/status/401");
        using var teapot = await httpbin.SendAsync(HttpMethod.Get, "/status/418");

        Assert.Equal("/redirect/1", moved.Headers.Location?.ToString());
        Assert.Equal("Basic", Assert.Single(unauthorized.Headers.WwwAuthenticate).Scheme);
        Assert.Contains("teapot", await teapot.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirect_CountsDownToGet()
    {
        using var first = await httpbin.SendAsync(HttpMethod.Get, "/redirect/2");
        using var second = await httpbin.SendAsync(HttpMethod.Get, first.Headers.Location!.ToString());

        Assert.Equal(HttpStatusCode.Redirect, second.StatusCode);
        Assert.Equal("/get", second.Headers.Location?.ToString());
    }

    [Fact]
    public async Task Stream_SendsOneJsonObjectALine_Chunked()
    {
        using var response = await httpbin.SendAsync(HttpMethod.Get, "/stream/3?a=1");
        var lines = (await response.Content.ReadAsStringAsync(Cancellation)).Split('\n');

        Assert.True(response.Headers.TransferEncodingChunked);
        Assert.Equal([0, 1, 2], lines[..3].Select(line => (int)JsonNode.Parse(line)!["id"]!));
        Assert.Equal("1", (string?)JsonNode.Parse(lines[0])!["args"]!["a"]);
        Assert.Equal("", Assert.Single(lines[3..]));
    }

    [Fact]
    public async Task Stream_EndsAtAHundredLines()
    {
        using var response = await httpbin.SendAsync(HttpMethod.Get, "/stream/5000");

        Assert.Equal(100, (await response.Content.ReadAsStringAsync(Cancellation)).Count(c => c == '\n'));
    }

    [Fact]
    public async Task Bytes_AreRepeatedByTheirSeed()
    {
        var first = await httpbin.Client.GetByteArrayAsync("/bytes/100001?seed=7", Cancellation);
        var again = await httpbin.Client.GetByteArrayAsync("/bytes/100001?seed=7", Cancellation);
        var other = await httpbin.Client.GetByteArrayAsync("/bytes/100001?seed=8", Cancellation);

        Assert.Equal(100001, first.Length);
        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
    }

    [Fact]
    public async Task Bytes_TellTheirLength_ToAHeadRequestToo()
    {
        using var response = await httpbin.SendAsync(HttpMethod.Head, "/bytes/5000000000");

        Assert.Equal(1L << 30, response.Content.Headers.ContentLength);
        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType?.ToString());
    }

    [Fact]
    public async Task Events_AreServerSentEvents()
    {
        using var response = await httpbin.SendAsync(HttpMethod.Get, "/sse?count=2&interval=0");

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.ToString());
        Assert.Equal(
            "event: ping\nid: 0\ndata: {\"id\": 0}\n\nevent: ping\nid: 1\ndata: {\"id\": 1}\n\n",
            await response.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task Sink_ReadsMoreThanServersUsuallyAllow()
    {
        var body = new byte[40_000_000];
        new Random(1).NextBytes(body);
        using var content = new ByteArrayContent(body);
        var told = await httpbin.JsonAsync(HttpMethod.Post, "/sink", content);

        Assert.Equal(body.Length, (int?)told["length"]);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(body)), (string?)told["sha256"]);
    }

    [Fact]
    public async Task Echo_SendsTheBodyBack_ByteForByte()
    {
        var body = new byte[3_000_001];
        new Random(2).NextBytes(body);
        using var content = new ByteArrayContent(body);
        using var response = await httpbin.SendAsync(HttpMethod.Post, "/echo", content);

        Assert.Equal(body, await response.Content.ReadAsByteArrayAsync(Cancellation));
    }

    [Fact]
    public async Task Index_ListsTheEndpoints()
    {
        using var response = await httpbin.SendAsync(HttpMethod.Get, "/");

        Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
        Assert.Contains("/websocket/echo", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownPath_IsNotFound_AndSaysByWhom()
    {
        using var response = await httpbin.SendAsync(HttpMethod.Get, "/nowhere");

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("httpbin has no /nowhere; see /\n", await response.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task Http2_IsSpokenOnItsOwnPort()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(httpbin.Server.Http2Address!, "/anything"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await httpbin.Client.SendAsync(request, Cancellation);

        Assert.Equal(HttpVersion.Version20, response.Version);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }
}
