using System.Net;
using Turnpike.Tests.Attacks.Harness;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Attacks.Proxy;

/// <summary>Requests whose bodies never come.</summary>
public sealed class SilentUploadTests
{
    private const string Host = "silent.test";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public Task Http1Uploads_TakeNoServiceAway() =>
        AttackAsync(
            "1024 silent uploads, HTTP/1.1",
            async (proxy, open) =>
            {
                await Parallel.ForAsync(
                    0,
                    1024,
                    new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = Cancelled },
                    async (_, ct) =>
                    {
                        if (await RawClient.TryConnectAsync(proxy, ct) is not { } client)
                            return;
                        lock (open)
                            open.Add(client);
                        await client.TrySendAsync($"POST / HTTP/1.1\r\nHost: {Host}\r\nContent-Length: 10\r\n\r\n", ct);
                    });
            });

    [Fact]
    public Task Http2Uploads_TakeNoServiceAway() => AttackAsync("12 HTTP/2 connections of 100 silent uploads each", async (proxy, open) =>
    {
        for (var i = 0; i < 12; i++)
        {
            if (await RawClient.TryConnectAsync(proxy, Cancelled) is not { } client)
                continue;
            open.Add(client);
            await client.TrySendAsync(Http2.Opening, Cancelled);
            for (var stream = 1; stream < 200; stream += 2)
            {
                await client.TrySendAsync(
                    Http2.HeadersFrame(stream, Http2.EndHeaders, (":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", Host), ("content-length", "10")),
                    Cancelled);
            }
        }
    });

    private static async Task AttackAsync(string attack, Func<IPEndPoint, List<RawClient>, Task> run)
    {
        await using var endpoint = await PlainEndpoint.StartAsync();
        await using var proxy = await ProxyUnderAttack.StartAsync(
            ProxyUnderAttack.Service("silent", endpoint.Port), ProxyUnderAttack.Ingress(Host, "silent"));
        using var client = ProxyUnderAttack.NewClient(proxy.Http);
        var open = new List<RawClient>();
        ProbeFigures same;
        try
        {
            await run(proxy.Http, open);
            await using var probe = SteadyProbe.Get(client, Host);
            // Longer than a request waits for its turn before it counts as failed.
            await Wait.Lasting(SteadyProbe.Patience + TimeSpan.FromSeconds(1), Cancelled);
            same = probe.Take();
        }
        finally
        {
            open.ForEach(raw => raw.Dispose());
        }
        proxy.Judge(attack);
        Assert.True(same.Failed == 0, $"another client of the same service: {same}: {string.Join("; ", same.Failures)}");
    }
}
