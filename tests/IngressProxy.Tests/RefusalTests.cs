using System.Net;
using Turnpike.Routing;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

/// <summary>Tests the body of a 404 or 403: a line that says why, and nothing that acts on its reader.</summary>
public sealed class RefusalTests
{
    private static readonly RouteTable Table = new()
    {
        Version = "test",
        Listeners = IngressListeners.Of(
            new VirtualHostSet([new VirtualHost("a.example", [Tables.Entry(Tables.Route()) with { Path = PathMatch.Element("/app") }])]),
            null),
    };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("1.1", "b.example:80", "/", "no route for host \"b.example\"")]
    [InlineData("2.0", "b.example", "/", "no route for host \"b.example\"")]
    [InlineData("1.1", "a.example", "/other?secret=1", "no path for \"/other\" under host \"a.example\"")]
    [InlineData("2.0", "A.example.:8080", "/apple", "no path for \"/apple\" under host \"A.example\"")]
    public async Task NoRoute_Is404_AndSaysWhy(string version, string host, string target, string text)
    {
        await using var proxy = await TestProxy.StartAsync(Table);

        using var response = await proxy.GetAsync(target, Version.Parse(version), ("host", host));

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal(text, await response.Content.ReadAsStringAsync(Cancelled));
        Assert.Equal("text/plain", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(text.Length, response.Content.Headers.ContentLength);
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("x-content-type-options")));
        Assert.Equal("turnpike", response.Headers.Server.ToString());
        Assert.NotNull(response.Headers.Date);
    }

    [Fact]
    public async Task RouteWhoseConditionsFail_Is404_AndSaysWhy()
    {
        var route = Tables.Route() with { Conditions = [new Condition(ConditionTarget.Method, "", ConditionKind.Exact, "POST")] };
        await using var proxy = await TestProxy.StartAsync(Tables.Of(Tables.Cluster(), route));

        using var response = await proxy.GetAsync("/x", HttpVersion.Version11, ("host", "a"));

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("no route for \"/x\" under host \"a\"", await response.Content.ReadAsStringAsync(Cancelled));
    }

    [Theory]
    [InlineData("GET /<script>&\\ HTTP/1.1\r\nHost: a.example\r\n", "no path for \"/\\u{3C}script\\u{3E}\\u{26}\\u{5C}\" under host \"a.example\"")]
    [InlineData("GET /%0d%0a%1b[31m HTTP/1.1\r\nHost: a.example\r\n", "no path for \"/%0d%0a%1b[31m\" under host \"a.example\"")]
    [InlineData("GET / HTTP/1.1\r\nHost: a&b'c\r\n", "no route for host \"a\\u{26}b'c\"")]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: a.example\r\n", "the target of the request is not a path")]
    [InlineData("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n", "CONNECT is not served")]
    public async Task WhatTheClientWrote_IsEscaped(string request, string text)
    {
        await using var proxy = await TestProxy.StartAsync(Table);
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync(request + "Connection: close\r\n\r\n");
        var answer = await client.ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 404 ", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n" + text, answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task DirectResponse_IsAllThatHappens(string version)
    {
        var route = Tables.Route() with { Targets = [], DirectResponse = new DirectResponseAction(503, "not served: a guard"), Fault = new FaultAction(0, TimeSpan.Zero, 100, 418) };
        await using var proxy = await TestProxy.StartAsync(Tables.Of(Tables.Cluster(RawUpstream.Refusing()), route));

        using var response = await proxy.GetAsync("/x", Version.Parse(version), ("host", "a"));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("not served: a guard", await response.Content.ReadAsStringAsync(Cancelled));
    }

    [Fact]
    public async Task WebSocket_GetsADirectResponseToo()
    {
        var route = Tables.Route() with { Targets = [], AllowWebSocket = true, DirectResponse = new DirectResponseAction(503, "not served") };
        await using var proxy = await TestProxy.StartAsync(Tables.Of(Tables.Cluster(RawUpstream.Refusing()), route));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 503 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal("not served", await client.ReadTextAsync(10));
    }

    [Fact]
    public async Task WhatTheClientWrote_IsBounded()
    {
        await using var proxy = await TestProxy.StartAsync(Table);

        using var response = await proxy.GetAsync("/" + new string('x', 7000), HttpVersion.Version11, ("host", "a.example"));

        Assert.Equal($"no path for \"/{new string('x', 199)}...\" under host \"a.example\"", await response.Content.ReadAsStringAsync(Cancelled));
    }

    [Fact]
    public async Task ToHead_ThereIsNoBody()
    {
        await using var proxy = await TestProxy.StartAsync(Table);
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync("HEAD /x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");
        var answer = await client.ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 404 ", answer, StringComparison.Ordinal);
        Assert.Contains("content-length: 39\r\n", answer, StringComparison.OrdinalIgnoreCase);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
    }
}
