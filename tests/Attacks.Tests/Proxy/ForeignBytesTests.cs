using System.Globalization;
using System.Text;
using Turnpike.Tests.Attacks.Harness;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Attacks.Proxy;

/// <summary>Bytes above 0x7f where a protocol wants ASCII, beside clients who have secrets.</summary>
public sealed class ForeignBytesTests
{
    private const string Host = "shared.test";
    private const int Requests = 400;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(":path")]
    [InlineData(":authority")]
    [InlineData("x-header")]
    public async Task NothingOfOneClient_ReachesAnother(string where)
    {
        await using var endpoint = new RecordingEndpoint();
        await using var proxy = await ProxyUnderAttack.StartAsync(
            ProxyUnderAttack.Service("shared", endpoint.Port), ProxyUnderAttack.Ingress(Host, "shared"));
        using var attacker =
            await RawClient.TryConnectAsync(proxy.Http, Cancelled) ?? throw new IOException("the proxy takes no connection");
        var got = ListenAsync(attacker);
        var odd = new string('\u00ff', 300);
        await attacker.TrySendAsync(Http2.Opening, Cancelled);

        using var client = ProxyUnderAttack.NewClient(proxy.Http);
        for (var i = 0; i < Requests; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/account");
            request.Headers.Host = Host;
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {Secret(i)}");
            request.Headers.TryAddWithoutValidation("Cookie", $"session=cookie-{Secret(i)}");
            using var response = await client.SendAsync(request, Cancelled);
            Assert.Equal(200, (int)response.StatusCode);
            // On the connection that has just carried the secret.
            await attacker.TrySendAsync(
                Http2.HeadersFrame(
                    (2 * i) + 1,
                    Http2.EndHeaders | Http2.EndStream,
                    (":method", "GET"),
                    (":scheme", "http"),
                    (":path", where == ":path" ? "/" + odd : "/"),
                    (":authority", where == ":authority" ? Host + odd : Host),
                    ("x-header", where == "x-header" ? odd : "x")),
                Cancelled);
        }
        await Wait.Lasting(TimeSpan.FromSeconds(1), Cancelled);
        proxy.Judge($"{Requests} HTTP/2 requests with 300 bytes of 0xff in {where}, beside a client with credentials");
        attacker.Dispose();

        var received = string.Concat(endpoint.Received);
        Assert.All(Enumerable.Range(0, Requests), i => Assert.Equal(2, Count(received, Secret(i))));
        Assert.DoesNotContain("secret-", await got, StringComparison.Ordinal);
    }

    private static string Secret(int i) => string.Create(CultureInfo.InvariantCulture, $"secret-{i:x4}-");

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    private static async Task<string> ListenAsync(RawClient client)
    {
        var text = new StringBuilder();
        try
        {
            while (await client.ReadAsync(Cancelled) is { Length: > 0 } bytes)
                text.Append(Encoding.Latin1.GetString(bytes));
        }
        catch (ObjectDisposedException)
        {
            // The test has read enough.
        }
        return text.ToString();
    }
}
