using Turnpike.Routing;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.Pipeline;

/// <summary>Tests which clients are believed, and what upstream is told.</summary>
public sealed class HeaderTests : PipelineTest
{
    private readonly FakeUpstream _upstream = new(_ => new FakeResponse());

    [Fact]
    public async Task Nobody_IsTrustedByDefault()
    {
        await RunAsync(_upstream, Tables.Route(), Claims());

        var sent = _upstream.Only;
        Assert.Equal("1.1.1.1, 9.9.9.9", sent.Header("x-forwarded-for"));
        Assert.Equal("http", sent.Header("x-forwarded-proto"));
        Assert.NotEqual("mine", sent.Header("x-request-id"));
        Assert.Equal("9.9.9.9", sent.Header("x-envoy-external-address"));
        Assert.Equal("15000", sent.Header("x-envoy-expected-rq-timeout-ms"));
        Assert.Null(sent.Header("x-envoy-internal"));
        Assert.Null(sent.Header("x-envoy-retry-on"));
        Assert.Null(sent.Header("x-forwarded-client-cert"));
    }

    [Theory]
    [InlineData("9.9.9.0/24", true)]
    [InlineData("9.9.9.9/32", true)]
    [InlineData("9.9.9.9", true)]
    [InlineData("9.9.9.1/24", true)]
    [InlineData("9.9.8.0/24", false)]
    [InlineData("::/0", false)]
    public async Task TrustedPeer_IsBelieved(string cidr, bool trusted)
    {
        var table = Tables.Of(Cluster(), Tables.Route()) with { Settings = new ProxySettings { TrustedCidrs = ["10.0.0.0/8", cidr] } };

        await RunAsync(_upstream, table, Claims());

        var sent = _upstream.Only;
        Assert.Equal("1.1.1.1, 9.9.9.9", sent.Header("x-forwarded-for"));
        Assert.Equal(trusted, sent.Header("x-request-id") == "mine");
        Assert.Equal(trusted ? "https" : "http", sent.Header("x-forwarded-proto"));
        Assert.Equal(trusted ? "1.1.1.1" : "9.9.9.9", sent.Header("x-envoy-external-address"));
        Assert.Equal("15000", sent.Header("x-envoy-expected-rq-timeout-ms"));
    }

    [Theory]
    [InlineData(0, 0, null)]
    [InlineData(3000, 0, "3000")]
    [InlineData(3000, 500, "500")]
    [InlineData(3000, 3000, "3000")]
    [InlineData(3000, 5000, "3000")]
    [InlineData(0, 500, "500")]
    public async Task ExpectedTimeout_IsThatOfATry(int total, int perTry, string? expected)
    {
        await RunAsync(_upstream, Tables.Route() with
        {
            Timeout = TimeSpan.FromMilliseconds(total),
            Retry = perTry == 0 ? null : new RetryPolicy(1, TimeSpan.FromMilliseconds(perTry)),
        });
        Assert.Equal(expected, _upstream.Only.Header("x-envoy-expected-rq-timeout-ms"));
    }

    [Fact]
    public async Task HeadersNamedInConnection_EndHere_ButNotTheProxysOwn()
    {
        await RunAsync(
            _upstream,
            Tables.Route(),
            new FakeExchange().With(
                ("Connection", "x-a , X-Forwarded-For,x-request-id"), ("connection", "x-b"), ("x-a", "1"), ("X-B", "1"), ("x-c", "1")));

        var sent = _upstream.Only;
        Assert.Null(sent.Header("x-a"));
        Assert.Null(sent.Header("x-b"));
        Assert.Null(sent.Header("connection"));
        Assert.Equal("1", sent.Header("x-c"));
        Assert.Equal("9.9.9.9", sent.Header("x-forwarded-for"));
        Assert.NotNull(sent.Header("x-request-id"));
    }

    [Fact]
    public async Task MappedAddress_IsShownAsIPv4()
    {
        await RunAsync(_upstream, Tables.Route(), new FakeExchange(peer: "::ffff:1.2.3.4"));
        Assert.Equal("1.2.3.4", _upstream.Only.Header("x-forwarded-for"));
    }

    [Fact]
    public async Task Answer_CarriesTheServiceTime()
    {
        var upstream = new FakeUpstream(_ =>
        {
            Time.Advance(TimeSpan.FromMilliseconds(123));
            return new FakeResponse(200, "", ("x-envoy-upstream-service-time", "9"), ("server", "other"));
        });

        var exchange = await RunAsync(upstream, Tables.Route());

        Assert.Equal("123", exchange.Response.Headers.Joined("x-envoy-upstream-service-time"));
        Assert.Equal("turnpike", exchange.Response.Headers.Joined("server"));
    }

    private static FakeExchange Claims() => new FakeExchange().With(
        ("x-forwarded-for", "1.1.1.1"),
        ("x-forwarded-proto", "https"),
        ("x-request-id", "mine"),
        ("x-envoy-internal", "true"),
        ("x-envoy-external-address", "1.1.1.1"),
        ("x-envoy-retry-on", "5xx"),
        ("x-envoy-expected-rq-timeout-ms", "1"),
        ("x-forwarded-client-cert", "me"));
}
