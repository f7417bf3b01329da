using Turnpike.Tests.Attacks.Harness;

namespace Turnpike.Tests.Attacks.Proxy;

/// <summary>Regular expressions of one team, and paths made for them.</summary>
public sealed class CostlyPatternTests
{
    private const string Host = "patterns.test";
    private const int Rules = 50;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EightClients_TakeNoOnesTime_AndNothingIsLetThrough()
    {
        // Each denies what ends as it says; a backtracking engine needs exponential time to find out.
        var rules = Enumerable.Range(0, Rules).Select(i => ProxyUnderAttack.Rule($"deny-{i}", "patterns", $"""
              precedence: {i + 1}
              match:
                request:
                  headers:
                    uri:
                      regex: /(a+)+{(char)('b' + (i % 20))}x{i}z?
              http_fault:
                abort: <percent: 100, http_status: 403>
            """.Replace('<', '{').Replace('>', '}')));
        await using var endpoint = await PlainEndpoint.StartAsync();
        await using var proxy = await ProxyUnderAttack.StartAsync([
            ProxyUnderAttack.Service("patterns", endpoint.Port),
            ProxyUnderAttack.Ingress(Host, "patterns"),
            .. rules,
        ]);
        using var client = ProxyUnderAttack.NewClient(proxy.Http);
        var until = TimeProvider.System.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            var count = 0;
            for (; TimeProvider.System.GetElapsedTime(until) < TimeSpan.FromSeconds(5); count++)
                Assert.Equal(200, await StatusAsync("/" + new string('a', 2000) + "~"));
            return count;
        }));
        Assert.Equal(403, await StatusAsync("/" + new string('a', 2000) + "bx0z"));
        proxy.Judge($"{Rules} rules with (a+)+ on one service, 8 clients with paths of 2 kB: {counts.Sum()} requests in 5 s");

        async Task<int> StatusAsync(string path)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Host = Host } };
            using var response = await client.SendAsync(request, Cancelled);
            return (int)response.StatusCode;
        }
    }
}
