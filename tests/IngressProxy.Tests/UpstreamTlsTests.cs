using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Turnpike.IngressProxy.Upstream;
using Turnpike.IngressProxy.Upstream.Http1;
using Turnpike.Routing;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

/// <summary>TLS to endpoints: who is spoken to, who is not, and which connections stand for each other.</summary>
public sealed class UpstreamTlsTests : IDisposable
{
    private const string Name = "web.default.svc";
    private const string Failed = "upstream TLS handshake failed";

    private readonly TestAuthority _authority = new("authority");
    private readonly TestAuthority _other = new("other");

    public static TheoryData<UpstreamProtocol> Protocols => [UpstreamProtocol.Http1, UpstreamProtocol.Http2];

    public void Dispose()
    {
        _authority.Dispose();
        _other.Dispose();
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Verified_IsServed(UpstreamProtocol protocol)
    {
        var names = new ConcurrentQueue<string?>();
        using var certificate = _authority.Issue(Name);
        await using var upstream = await StartAsync(
            protocol,
            Describe,
            name =>
            {
                names.Enqueue(name);
                return certificate;
            });
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Cluster(upstream.EndPoint, protocol, Verified(_authority)), Tables.Route()));

        using var response = await proxy.GetAsync("/path?q", null, ("Host", "shop.example.com"));

        Assert.Equal($"HTTP/{(protocol == UpstreamProtocol.Http2 ? 2 : 1.1)} GET https shop.example.com /path?q", await TextOf(response));
        Assert.Equal(Name, Assert.Single(names));
    }

    [Fact]
    public async Task OneOfSeveralAuthorities_IsEnough()
    {
        using var certificate = _authority.Issue(Name);
        await using var upstream = await StartAsync(UpstreamProtocol.Http1, Describe, _ => certificate);
        var tls = Verified(_authority) with { AuthorityPem = $"{_other.Pem}\n{_authority.Pem}\n" };
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Cluster(upstream.EndPoint, UpstreamProtocol.Http1, tls), Tables.Route()));

        Assert.Equal(HttpStatusCode.OK, (await proxy.GetAsync()).StatusCode);
    }

    public static TheoryData<UpstreamProtocol, string, string> Refusals
    {
        get
        {
            var data = new TheoryData<UpstreamProtocol, string, string>();
            foreach (var protocol in Protocols)
            {
                data.Add(
                    protocol,
                    "wrong authority",
                    "the certificate of the endpoint is not signed by the authority of Secret default/authority");
                data.Add(protocol, "wrong name", "the certificate of the endpoint is not for web.default.svc");
                data.Add(protocol, "expired", "the certificate of the endpoint has expired or is not valid yet");
                data.Add(protocol, "not yet", "the certificate of the endpoint has expired or is not valid yet");
                data.Add(
                    protocol,
                    "both",
                    "the certificate of the endpoint is not for web.default.svc and is not signed by the authority of Secret "
                        + "default/authority");
                data.Add(
                    protocol, "no authority", "the certificate of the endpoint is not signed by the authority of Secret default/authority");
                data.Add(
                    protocol,
                    "unreadable authority",
                    "the certificate of the endpoint is not signed by the authority of Secret default/authority");
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task NotTheOneToSpeakTo_GetsNothing(UpstreamProtocol protocol, string what, string reason)
    {
        var requests = 0;
        using var certificate = what switch
        {
            "wrong authority" => _other.Issue(Name),
            "wrong name" => _authority.Issue("other.default.svc"),
            "expired" => _authority.Issue(Name, -2, -1),
            "not yet" => _authority.Issue(Name, 1, 2),
            "both" => _other.Issue("other.default.svc"),
            _ => _authority.Issue(Name),
        };
        var tls = Verified(_authority);
        tls =
            what == "no authority" ? tls with { AuthorityPem = "" }
            : what == "unreadable authority" ? tls with { AuthorityPem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" }
            : tls;
        await using var upstream = await StartAsync(
            protocol,
            _ =>
            {
                Interlocked.Increment(ref requests);
                return Task.CompletedTask;
            },
            _ => certificate);
        await using var proxy = await TestProxy.StartAsync(Tables.Of(Cluster(upstream.EndPoint, protocol, tls), Tables.Route()));

        using var response = await proxy.GetAsync();

        Assert.Equal((HttpStatusCode.ServiceUnavailable, Failed), (response.StatusCode, await TextOf(response)));
        Assert.Equal(0, requests);
        Assert.Contains(
            proxy.Logs.Lines,
            l => l.Contains($"TLS handshake with endpoint {upstream.EndPoint} failed: {reason} (1 since", StringComparison.Ordinal));
        var metrics = (await proxy.AdminAsync("/metrics")).Text;
        Assert.Contains("turnpike_upstream_tls_failures_total 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("turnpike_upstream_connect_failures_total 1\n", metrics, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task NotVerified_TakesAnyCertificate(UpstreamProtocol protocol)
    {
        using var certificate = _other.Issue("other", -2, -1);
        await using var upstream = await StartAsync(protocol, Describe, _ => certificate);
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Cluster(upstream.EndPoint, protocol, new UpstreamTls { ServerName = Name }), Tables.Route()));

        Assert.Equal(HttpStatusCode.OK, (await proxy.GetAsync()).StatusCode);
    }

    /// <summary>Even where a table gives endpoints nevertheless.</summary>
    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
            + "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")]
    public async Task MissingAuthority_SendsNothing_AndSaysSo(string request)
    {
        await using var upstream = RawUpstream.Echo();
        var cluster = Cluster(upstream.EndPoint, UpstreamProtocol.Http1, Verified(_authority) with { AuthorityPem = "" }) with
        {
            LacksAuthority = true,
        };
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of([cluster], Tables.Route() with { AllowWebSocket = true, MirrorCluster = cluster.Name }));
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        await client.WriteAsync(request);

        Assert.StartsWith("HTTP/1.1 503 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal("upstream certificate authority is missing", await client.ReadTextAsync(41));
        Assert.Equal(0, upstream.Accepted);
    }

    /// <summary>Connections are shared whatever the Host, and never between settings.</summary>
    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Connections_BelongToTheirSettings(UpstreamProtocol protocol)
    {
        using var certificate = _authority.Issue(Name);
        await using var upstream = await StartAsync(
            protocol, context => context.Response.WriteAsync(context.Connection.Id), _ => certificate);
        Cluster[] clusters =
        [
            Cluster(upstream.EndPoint, protocol, new UpstreamTls { ServerName = Name }) with
            {
                Name = "unverified",
            },
            Cluster(upstream.EndPoint, protocol, new UpstreamTls { ServerName = "other" }) with
            {
                Name = "other",
            },
            Cluster(upstream.EndPoint, protocol, Verified(_authority)) with
            {
                Name = "verified",
            },
            Cluster(upstream.EndPoint, protocol, Verified(_authority) with { AuthorityPem = _authority.Pem + "\n" + _other.Pem }) with
            {
                Name = "verified-by-two",
            },
        ];
        var routes = clusters.Select(c => Tables.Route(PathMatch.Exact("/" + c.Name), c.Name)).ToArray();
        await using var proxy = await TestProxy.StartAsync(Tables.Of(clusters, routes));

        var connections = new List<string>();
        foreach (var cluster in clusters)
        {
            var first = await TextOf(await proxy.GetAsync("/" + cluster.Name, null, ("Host", "a.example.com")));
            for (var i = 0; i < 3; i++)
                Assert.Equal(first, await TextOf(await proxy.GetAsync("/" + cluster.Name, null, ("Host", $"{i}.example.com"))));
            connections.Add(first);
        }

        Assert.Equal(clusters.Length, connections.Distinct().Count());
    }

    /// <summary>Whom the old authority let pass is looked at again; and back.</summary>
    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task NewAuthority_IsInForceForTheNextRequest(UpstreamProtocol protocol)
    {
        using var certificate = _authority.Issue(Name);
        await using var upstream = await StartAsync(protocol, Describe, _ => certificate);
        RouteTable Table(TestAuthority authority) => Tables.Of(Cluster(upstream.EndPoint, protocol, Verified(authority)), Tables.Route());
        await using var proxy = await TestProxy.StartAsync(Table(_authority));

        Assert.Equal(HttpStatusCode.OK, (await proxy.GetAsync()).StatusCode);
        proxy.Server.Swap(Table(_other));
        Assert.Equal(Failed, await TextOf(await proxy.GetAsync()));
        proxy.Server.Swap(Table(_authority));
        Assert.Equal(HttpStatusCode.OK, (await proxy.GetAsync()).StatusCode);
    }

    [Theory]
    [InlineData(UpstreamProtocol.Http1, "POST")]
    [InlineData(UpstreamProtocol.Http2, "POST")]
    [InlineData(UpstreamProtocol.Http2, "PUT")]
    [InlineData(UpstreamProtocol.Http2, "X")]
    [InlineData(
        UpstreamProtocol.Http2,
        "AN-OWN-METHOD-OF-MORE-THAN-A-HUNDRED-AND-TWENTY-SEVEN-CHARACTERS-WHICH-IS-WHERE-THE-LENGTH-OF-A-TEXT-BEGINS-TO-TAKE-MORE-THAN-A-BYTE-IN-HPACK"
    )]
    public async Task Bodies_GoBothWays(UpstreamProtocol protocol, string method)
    {
        using var certificate = _authority.Issue(Name);
        await using var upstream = await StartAsync(
            protocol,
            async context =>
            {
                context.Response.Headers["x-seen"] = $"{context.Request.Method} {context.Request.Scheme}";
                await context.Request.Body.CopyToAsync(context.Response.Body, context.RequestAborted);
            },
            _ => certificate);
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Cluster(upstream.EndPoint, protocol, Verified(_authority)), Tables.Route()));
        var sent = new byte[500_000];
        Pattern.Fill(sent, 1);

        for (var i = 0; i < 3; i++)
        {
            var request = proxy.Request(new HttpMethod(method), "/");
            request.Content = new ByteArrayContent(sent);
            using var response = await proxy.SendAsync(request, HttpVersion.Version11, TestContext.Current.CancellationToken);

            Assert.Equal($"{method} https", response.Headers.GetValues("x-seen").Single());
            Assert.Equal(sent, await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task Grpc_GoesOverTls()
    {
        using var certificate = _authority.Issue(Name);
        await using var upstream = await StartAsync(
            UpstreamProtocol.Http2,
            async context =>
            {
                context.Response.ContentType = "application/grpc";
                await context.Request.Body.CopyToAsync(context.Response.Body, context.RequestAborted);
                context.Response.AppendTrailer("grpc-status", "0");
            },
            _ => certificate);
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Cluster(upstream.EndPoint, UpstreamProtocol.Http2, Verified(_authority)), Tables.Route()));
        var request = proxy.Request(HttpMethod.Post, "/package.Service/Method", ("te", "trailers"));
        request.Content = new ByteArrayContent([0, 0, 0, 0, 1, 7]) { Headers = { { "content-type", "application/grpc" } } };

        using var response = await proxy.SendAsync(request, HttpVersion.Version20, TestContext.Current.CancellationToken);

        Assert.Equal([0, 0, 0, 0, 1, 7], await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
    }

    [Fact]
    public async Task Grpc_IsToldOfAFailedHandshakeInItsOwnWay()
    {
        using var certificate = _other.Issue(Name);
        await using var upstream = await StartAsync(UpstreamProtocol.Http2, Describe, _ => certificate);
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Cluster(upstream.EndPoint, UpstreamProtocol.Http2, Verified(_authority)), Tables.Route()));
        var request = proxy.Request(HttpMethod.Post, "/package.Service/Method");
        request.Content = new ByteArrayContent([0, 0, 0, 0, 0]) { Headers = { { "content-type", "application/grpc" } } };

        using var response = await proxy.SendAsync(request, HttpVersion.Version20, TestContext.Current.CancellationToken);

        Assert.Equal("14", response.Headers.GetValues("grpc-status").Single());
        Assert.Equal(Failed, response.Headers.GetValues("grpc-message").Single());
    }

    /// <summary>Over HTTP/1.1 whatever the cluster speaks.</summary>
    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task WebSockets_GoOverTls(UpstreamProtocol protocol)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        using var certificate = _authority.Issue(Name);
        await using var upstream = await KestrelUpstream.StartAsync(
            WebSocketTests.EchoAsync, HttpProtocols.Http1AndHttp2, _ => certificate);
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Cluster(upstream.EndPoint, protocol, Verified(_authority)), Tables.Route() with { AllowWebSocket = true }));
        using var socket = new ClientWebSocket();
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());

        await socket.ConnectAsync(new Uri($"ws://{proxy.Server.Http}/chat"), invoker, cancellationToken);

        var buffer = new byte[100_000];
        for (var i = 0; i < 5; i++)
        {
            var sent = new byte[(20_000 * i) + 1];
            Pattern.Fill(sent, i);
            await socket.SendAsync(sent, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
            var got = 0;
            ValueWebSocketReceiveResult result;
            do
            {
                result = await socket.ReceiveAsync(buffer.AsMemory(got), cancellationToken);
                got += result.Count;
            }
            while (!result.EndOfMessage);
            Assert.Equal(sent, buffer[..got]);
        }
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", cancellationToken);
        Assert.Equal(WebSocketState.Closed, socket.State);
    }

    /// <summary>
    /// What comes while a connection rests answers no request, wherever between socket and TLS stream it lies; what comes after is received
    /// whole.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RestingConnection_ReceivesNothing(bool rests)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var send = new SemaphoreSlim(0);
        using var certificate = _authority.Issue(Name);
        await using var upstream = RawTlsUpstream.Start(certificate, async (tls, stop) =>
        {
            await send.WaitAsync(stop);
            await tls.WriteAsync("response"u8.ToArray(), stop);
            await send.WaitAsync(stop);
        });
        using var pool = new ConnectionPool(TimeProvider.System);
        var key = new PoolKey(new Routing.Endpoint("127.0.0.1", upstream.EndPoint.Port), "tls");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(upstream.EndPoint, cancellationToken);
        var tls = await TlsHandshake
            .Of(Verified(_authority))
            .BeginAsync(new NetworkStream(socket, ownsSocket: true), SslApplicationProtocol.Http11, cancellationToken);
        using var connection = new Http1Connection(new TlsTransport(socket, tls), "peer");

        pool.Return(key, connection);
        if (rests)
        {
            send.Release();
            await Wait.Until(() => !connection.IsQuiet(), "what the server sent");
            Assert.Null(pool.TryTake(key));
            return;
        }
        // The session tickets of TLS 1.3 come uninvited, before anything else does.
        await Wait.Until(connection.IsQuiet, "the tickets to be read");
        Assert.Same(connection, pool.TryTake(key));
        send.Release();
        var received = new byte[8];
        for (var got = 0; got < received.Length;)
            got += await connection.ReceiveAsync(received.AsMemory(got), cancellationToken);
        Assert.Equal("response", Encoding.ASCII.GetString(received));
    }

    [Fact]
    public async Task ClosedWhileIdle_IsNotUsedAgain()
    {
        using var certificate = _authority.Issue(Name);
        await using var upstream = RawTlsUpstream.Start(
            certificate,
            async (tls, stop) =>
            {
                var buffer = new byte[16 * 1024];
                await tls.ReadExactlyAsync(buffer.AsMemory(0, 1), stop);
                await tls.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"u8.ToArray(), stop);
            });
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Cluster(upstream.EndPoint, UpstreamProtocol.Http1, Verified(_authority)), Tables.Route()));

        for (var i = 0; i < 5; i++)
        {
            var request = proxy.Request(HttpMethod.Get, "/");
            using var response = await proxy.SendAsync(request, HttpVersion.Version11, TestContext.Current.CancellationToken);
            Assert.Equal("good", await TextOf(response));
        }
        Assert.Equal(5, upstream.Handshakes);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task HandshakeThatDoesNotEnd_EndsWithTheConnectTimeout(UpstreamProtocol protocol)
    {
        await using var deaf = RawUpstream.Start(connection => connection.WaitForEndAsync());
        var cluster = Cluster(deaf.EndPoint, protocol, Verified(_authority)) with { ConnectTimeout = TimeSpan.FromMilliseconds(300) };
        await using var proxy = await TestProxy.StartAsync(Tables.Of(cluster, Tables.Route()));

        using var response = await proxy.GetAsync();

        Assert.Equal((HttpStatusCode.ServiceUnavailable, Failed), (response.StatusCode, await TextOf(response)));
        Assert.Contains(
            proxy.Logs.Lines,
            l => l.Contains("failed: it was not finished within the connect timeout (1 since", StringComparison.Ordinal));
    }

    /// <summary>A connection that failed costs nothing, so another endpoint is tried, and the one that failed is skipped.</summary>
    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task FailedHandshake_GoesToAnotherEndpoint(UpstreamProtocol protocol)
    {
        using var certificate = _authority.Issue(Name);
        await using var cleartext = RawUpstream.Answering("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        await using var upstream = await StartAsync(protocol, Describe, _ => certificate);
        var cluster = Tables.Cluster(cleartext.EndPoint, upstream.EndPoint) with { Protocol = protocol, Tls = Verified(_authority) };
        await using var proxy = await TestProxy.StartAsync(Tables.Of(cluster, Tables.Route()));

        for (var i = 0; i < 6; i++)
            Assert.Equal(HttpStatusCode.OK, (await proxy.GetAsync()).StatusCode);

        Assert.Equal(1, cleartext.Accepted);
        Assert.Contains("turnpike_upstream_ejections_total 1\n", (await proxy.AdminAsync("/metrics")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Http2_MustBeAgreedOn()
    {
        using var certificate = _authority.Issue(Name);
        await using var upstream = await KestrelUpstream.StartAsync(Describe, HttpProtocols.Http1, _ => certificate);
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Cluster(upstream.EndPoint, UpstreamProtocol.Http2, Verified(_authority)), Tables.Route()));

        Assert.Equal(Failed, await TextOf(await proxy.GetAsync()));
        Assert.Contains(proxy.Logs.Lines, l => l.Contains("TLS handshake with endpoint", StringComparison.Ordinal));
    }

    [Fact]
    public async Task OldServers_WithoutAlpn_SpeakHttp1()
    {
        using var certificate = _authority.Issue(Name);
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await using var tls = new SslStream(connection.Stream);
            await tls.AuthenticateAsServerAsync(certificate);
            var buffer = new byte[16 * 1024];
            await tls.ReadAtLeastAsync(buffer, 1, cancellationToken: connection.Stopped);
            await tls.WriteAsync(
                Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"), connection.Stopped);
        });
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Cluster(upstream.EndPoint, UpstreamProtocol.Http1, Verified(_authority)), Tables.Route()));

        Assert.Equal("ok", await TextOf(await proxy.GetAsync()));
    }

    private static UpstreamTls Verified(TestAuthority authority) =>
        new()
        {
            ServerName = Name,
            Authority = "default/authority",
            AuthorityPem = authority.Pem,
        };

    private static Cluster Cluster(IPEndPoint endpoint, UpstreamProtocol protocol, UpstreamTls tls) =>
        Tables.Cluster(endpoint) with
        {
            Protocol = protocol,
            Tls = tls,
        };

    private static Task<KestrelUpstream> StartAsync(
        UpstreamProtocol protocol,
        RequestDelegate handler,
        Func<string?, X509Certificate2> certificate
    ) => KestrelUpstream.StartAsync(handler, protocol == UpstreamProtocol.Http2 ? HttpProtocols.Http2 : HttpProtocols.Http1, certificate);

    private static Task Describe(HttpContext context)
    {
        var request = context.Request;
        return context.Response.WriteAsync(
            $"{request.Protocol} {request.Method} {request.Scheme} {request.Host} {request.Path}{request.QueryString}",
            context.RequestAborted);
    }

    private static Task<string> TextOf(HttpResponseMessage response) =>
        response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
}
