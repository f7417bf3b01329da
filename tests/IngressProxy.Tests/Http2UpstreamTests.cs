using System.Net;
using System.Text;
using Turnpike.Routing;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

/// <summary>Endpoints of HTTP/2 that break its rules, frame by frame.</summary>
public sealed class Http2UpstreamTests
{
    /// <summary>Status, fields after it, and the whole body.</summary>
    public static TheoryData<string, string, string> MalformedHeads => new()
    {
        { "600", "", "" },
        { "200", "content-length: 5, 5", "hello" },
        { "200", "content-length: -5", "hello" },
        { "200", "content-length: 5|content-length: 6", "hello" },
        { "200", "x y: 1", "" },
        { "200", "x: a\rb", "" },
        { "200", "x: a\r\nb", "" },
        { "200", "x: a\0b", "" },
        { "200", "x: a\u0001b", "" },
        { "200", "transfer-encoding: chunked", "" },
        { "200", "connection: close", "" },
    };

    [Theory]
    [MemberData(nameof(MalformedHeads))]
    public async Task MalformedHead_Is502(string status, string fields, string body)
    {
        await using var upstream = Answering(status, fields, body);
        await using var proxy = await StartAsync(upstream);

        using var response = await proxy.GetAsync();

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
    }

    [Theory]
    [InlineData("content-length: 5", "hello!")]
    [InlineData("content-length: 10", "hello")]
    public async Task BodyOfAnotherLength_IsNotPassedOnAsWhole(string fields, string body)
    {
        await using var upstream = Answering("200", fields, body);
        await using var proxy = await StartAsync(upstream);

        var whole = true;
        try
        {
            using var response = await proxy.GetAsync();
            whole = response.StatusCode == HttpStatusCode.OK;
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        }
        catch (HttpRequestException)
        {
            whole = false;
        }

        Assert.False(whole);
    }

    [Fact]
    public async Task RightResponse_IsPassedOn()
    {
        await using var upstream = Answering("200", "content-length: 5|x-a: 1", "hello");
        await using var proxy = await StartAsync(upstream);

        using var response = await proxy.GetAsync();

        Assert.Equal("hello", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("1", response.Headers.GetValues("x-a").Single());
    }

    private static Task<TestProxy> StartAsync(RawUpstream upstream) =>
        TestProxy.StartAsync(Tables.Of(Tables.Cluster(upstream.EndPoint) with { Protocol = UpstreamProtocol.Http2 }, Tables.Route()));

    private static RawUpstream Answering(string status, string fields, string body) => RawUpstream.Start(async connection =>
    {
        await connection.ReadBytesAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".Length);
        await connection.WriteAsync(Frame(4, 0, 0, []));
        while (true)
        {
            var head = await connection.ReadBytesAsync(9);
            await connection.ReadBytesAsync((head[0] << 16) | (head[1] << 8) | head[2]);
            if (head[3] == 4 && head[4] == 0)
                await connection.WriteAsync(Frame(4, 1, 0, []));
            if (head[3] != 1)
                continue;
            var stream = head[8];
            byte[] block = [.. Field(":status", status), .. fields.Split('|', StringSplitOptions.RemoveEmptyEntries).SelectMany(f => Field(f.Split(": ")[0], f.Split(": ")[1]))];
            await connection.WriteAsync(Frame(1, 4, stream, block));
            await connection.WriteAsync(Frame(0, 1, stream, Encoding.ASCII.GetBytes(body)));
        }
    });

    /// <summary>A literal field without indexing (RFC 7541 §6.2.2).</summary>
    private static byte[] Field(string name, string value) =>
        [0, (byte)name.Length, .. Encoding.Latin1.GetBytes(name), (byte)value.Length, .. Encoding.Latin1.GetBytes(value)];

    private static byte[] Frame(byte type, byte flags, byte stream, byte[] payload) =>
        [(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, type, flags, 0, 0, 0, stream, .. payload];
}
