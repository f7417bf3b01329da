using System.Text;
using Turnpike.Routing;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

/// <summary>
/// Odd bytes for the listener: the proxy responds or closes, and goes on serving. Bounded; a failure says its seed, and
/// TURNPIKE_FUZZ_SEED runs that one alone.
/// </summary>
public sealed class ListenerFuzzTests
{
    private const int Connections = 150;

    private static readonly string[] Heads =
    [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: x\r\n\r\n5\r\nhello\r\n0\r\nx: y\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
        "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
            + "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        "OPTIONS /cors HTTP/1.1\r\nHost: a\r\nOrigin: https://x\r\nAccess-Control-Request-Method: PUT\r\n\r\n",
        "POST /grpc HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\nTE: trailers\r\ngrpc-timeout: 1S\r\nContent-Length: "
            + "5\r\n\r\n\0\0\0\0\0",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0\0\0\u0008\u0001\u0005\0\0\0\u0001\u0082\u0086\u0084\u0041\u0003a.b",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\u0006\u0004\0\0\0\0\0\0\u0003\0\0\0\u0064\0\0\u0004\u0008\0\0\0\0\0\0\u000f\0\0",
        "\u0016\u0003\u0001\0\u0005\u0001\0\0\u0001\u0003",
    ];

    private static readonly string[] Pieces =
    [
        "\r\n",
        "\n",
        "\r",
        "\0",
        ":",
        " ",
        "\t",
        "\u00ff",
        "Content-Length: 99999999999999999999\r\n",
        "Content-Length: -1\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: identity\r\n",
        "Host: b\r\n",
        "Host:\r\n",
        "Connection: close, host, content-length\r\n",
        "Cookie: ",
        "X: \u00e9\u00ff\u0001\r\n",
        " folded\r\n",
        "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n",
        "x-envoy-overloaded: true\r\n",
        "Origin: null\r\n",
        "HTTP/1.0",
        "HTTP/3.7",
        "%00%ff",
        "/../..//\\",
        "ffffffffffffffff\r\n",
        "Expect: 200-ok\r\n",
        "Max-Forwards: 0\r\n",
        "Range: bytes=0-,0-,0-\r\n",
        "\0\0\0\u0003\u0001\0\0\0\u0001",
        "\0\u0040\0\0\0\0\0\0\u0001",
    ];

    public static TheoryData<int> Seeds
    {
        get
        {
            if (int.TryParse(Environment.GetEnvironmentVariable("TURNPIKE_FUZZ_SEED"), out var only))
                return [only];
            var first = Random.Shared.Next();
            return [first, first + 1];
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task AnyBytes_AreAnsweredOrEnded_AndTheProxyGoesOn(int seed)
    {
        var random = new Random(seed);
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var upstream = RawUpstream.Start(async connection =>
        {
            while (await connection.TryReadHeadAsync() is { } head)
            {
                if (head.StartsWith("POST", StringComparison.Ordinal))
                    return;
                await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        });
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(
                Tables.Cluster(upstream.EndPoint),
                Tables.Route(PathMatch.Prefix("/cors")) with
                {
                    Cors = new CorsAction(["*"], ["PUT"], [], [], null, true),
                },
                Tables.Route(PathMatch.Prefix("/chat")) with
                {
                    AllowWebSocket = true,
                },
                Tables.Route() with
                {
                    Retry = new RetryPolicy(2, TimeSpan.Zero),
                    Rewrite = new RewriteAction("/v2/", null),
                    Timeout = TimeSpan.FromSeconds(5),
                }));

        for (var i = 0; i < Connections; i++)
        {
            var bytes = Draw(random);
            try
            {
                await SendAsync(proxy, bytes, cancellationToken);
                if (i % 10 == 0)
                {
                    using var response = await proxy.GetAsync("/", System.Net.HttpVersion.Version11);
                    Assert.Equal("ok", await response.Content.ReadAsStringAsync(cancellationToken));
                }
                Assert.DoesNotContain(proxy.Logs.Lines, l => l.Contains("failed in the proxy itself", StringComparison.Ordinal));
            }
            catch (Exception e)
            {
                Assert.Fail(
                    $"TURNPIKE_FUZZ_SEED={seed}, connection {i}: {e}\n{Convert.ToHexString(bytes)}\n{string.Join('\n', proxy.Logs.Lines)}");
            }
        }
        // Nothing that was begun is left over.
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(TimeSpan.FromSeconds(30));
        while (!(await proxy.AdminAsync("/metrics")).Text.Contains("turnpike_active_requests 0\n", StringComparison.Ordinal))
            Assert.False(bound.IsCancellationRequested, $"TURNPIKE_FUZZ_SEED={seed}: requests are left over");
    }

    /// <summary>Sends the bytes to either listener, then ends the client's half, and reads all that the proxy sends.</summary>
    private static async Task SendAsync(TestProxy proxy, byte[] bytes, CancellationToken cancellationToken)
    {
        using var client = await RawConnection.ConnectAsync(bytes.Length % 5 == 0 ? proxy.Server.Https : proxy.Server.Http);
        try
        {
            await client.WriteAsync(bytes);
            client.EndWriting();
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            // The proxy has closed the connection.
        }
        await client.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);
    }

    private static byte[] Draw(Random random)
    {
        var text = new StringBuilder();
        for (var heads = random.Next(1, 4); heads > 0; heads--)
            text.Append(Heads[random.Next(Heads.Length)]);
        for (var damages = random.Next(6); damages > 0 && text.Length > 0; damages--)
        {
            var at = random.Next(text.Length);
            switch (random.Next(5))
            {
                case 0:
                    text.Insert(at, Pieces[random.Next(Pieces.Length)]);
                    break;
                case 1:
                    text[at] = (char)random.Next(256);
                    break;
                case 2:
                    text.Remove(at, Math.Min(random.Next(20), text.Length - at));
                    break;
                case 3:
                    text.Length = at + 1;
                    break;
                default:
                    text.Insert(at, new string((char)random.Next(256), random.Next(10) == 0 ? 100_000 : random.Next(300)));
                    break;
            }
        }
        return Encoding.Latin1.GetBytes(text.Append(' ').ToString());
    }
}
