using System.Text;
using Turnpike.Tests.Attacks.Harness;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Attacks.Proxy;

/// <summary>More of everything than anybody needs, and things that are never finished.</summary>
public sealed class FloodTests
{
    private const string Host = "flood.test";

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task HalfOpenConnections_AreEnded()
    {
        var request = Http2.HeadersFrame(
            1, Http2.EndHeaders | Http2.EndStream, (":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", Host));
        byte[][] beginnings =
        [
            Encoding.ASCII.GetBytes("GET / HT"),
            Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nHost: {Host}\r\nX"),
            Http2.Preface[..8].ToArray(),
            Http2.Preface[..20].ToArray(),
            // A frame of which only a part of the head, or the head alone, comes.
            [.. Http2.Opening, .. request[..5]],
            [.. Http2.Opening, .. request[..9]],
            [.. Http2.Opening, .. request[..^3]],
            // Headers that go on in a frame that does not come.
            [
                .. Http2.Opening,
                .. Http2.HeadersFrame(1, Http2.EndStream, (":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", Host)),
            ],
        ];
        await using var attacked = await StartAsync();
        var ended = new int[beginnings.Length];
        var clients = new List<(int Kind, RawClient Client)>();
        foreach (var i in Enumerable.Range(0, 50 * beginnings.Length))
        {
            if (await RawClient.TryConnectAsync(attacked.Proxy.Http, Cancelled) is not { } client)
                continue;
            clients.Add((i % beginnings.Length, client));
            await client.TrySendAsync(beginnings[i % beginnings.Length], Cancelled);
        }
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        limit.CancelAfter(TimeSpan.FromSeconds(40));
        await Task.WhenAll(clients.Select(async one =>
        {
            try
            {
                await one.Client.ReadToEndAsync(limit.Token);
                Interlocked.Increment(ref ended[one.Kind]);
            }
            catch (OperationCanceledException)
            {
                // Still open.
            }
        }));
        clients.ForEach(one => one.Client.Dispose());
        attacked.Proxy.Judge($"{clients.Count} connections with half a preface, head or frame");
        Assert.All(ended, count => Assert.Equal(50, count));
    }

    [Fact]
    public Task RapidReset_IsEnded() =>
        FloodAsync(
            "Requests that are reset at once, 4 HTTP/2 connections",
            4,
            async (client, ct) =>
            {
                client.Ignore(ct);
                await client.TrySendAsync(Http2.Opening, ct);
                var burst = new List<byte>();
                for (var stream = 1; ; stream += 2)
                {
                    burst.AddRange(
                        Http2.HeadersFrame(
                            stream,
                            Http2.EndHeaders | Http2.EndStream,
                            (":method", "GET"),
                            (":scheme", "http"),
                            (":path", "/"),
                            (":authority", Host)));
                    burst.AddRange(Http2.ResetFrame(stream));
                    if (stream % 200 != 1)
                        continue;
                    if (!await client.TrySendAsync(burst.ToArray(), ct))
                        return;
                    burst.Clear();
                }
            });

    [Fact]
    public Task Continuations_WithoutEnd_AreEnded() =>
        FloodAsync(
            "Header blocks that never end, 8 HTTP/2 connections",
            8,
            async (client, ct) =>
            {
                client.Ignore(ct);
                await client.TrySendAsync(Http2.Opening, ct);
                await client.TrySendAsync(
                    Http2.HeadersFrame(1, 0, (":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", Host)), ct);
                var more = Http2.ContinuationFrame(1, 0, ("x-more", new string('m', 8000)), ("x-more", new string('m', 8000)));
                while (await client.TrySendAsync(more, ct)) { }
            });

    [Fact]
    public Task HeadsUpToTheLimit_AreServedOrRefused() =>
        FloodAsync(
            "Heads of 30 kB and of 100 lines, 64 connections",
            64,
            async (client, ct) =>
            {
                var repeated = string.Concat(Enumerable.Repeat("Cookie: " + new string('c', 280) + "\r\n", 100));
                var large = $"X-Large: {new string('l', 30_000)}\r\n";
                for (var i = 0; ; i++)
                {
                    if (
                        !await client.TrySendAsync($"GET / HTTP/1.1\r\nHost: {Host}\r\n{(i % 2 == 0 ? repeated : large)}\r\n", ct)
                        || (await client.ReadAsync(ct)).Length == 0)
                    {
                        return;
                    }
                }
            });

    [Fact]
    public async Task ThousandsOfConnections_TakeNoOnesPlace()
    {
        await using var attacked = await StartAsync();
        var clients = new List<RawClient>();
        await Parallel.ForAsync(
            0,
            4000,
            new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = Cancelled },
            async (i, ct) =>
            {
                if (await RawClient.TryConnectAsync(attacked.Proxy.Http, ct) is not { } client)
                    return;
                lock (clients)
                    clients.Add(client);
                if (i % 2 == 0)
                    await client.TrySendAsync($"GET / HTTP/1.1\r\nHost: {Host}\r\n", ct);
            });
        await Wait.Lasting(Duration, Cancelled);
        clients.ForEach(client => client.Dispose());
        attacked.Proxy.Judge($"{clients.Count} connections that say nothing or half a head");
    }

    private static async Task FloodAsync(string attack, int connections, Func<RawClient, CancellationToken, Task> flood)
    {
        await using var attacked = await StartAsync();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        limit.CancelAfter(Duration);
        // A connection that the proxy ends is opened anew: the flood goes on for the whole time.
        await Task.WhenAll(Enumerable.Range(0, connections).Select(async _ =>
        {
            try
            {
                while (!limit.IsCancellationRequested)
                {
                    using var client = await RawClient.TryConnectAsync(attacked.Proxy.Http, limit.Token);
                    if (client is null)
                        continue;
                    await flood(client, limit.Token);
                }
            }
            catch (OperationCanceledException)
            {
                // The time is over.
            }
        }));
        attacked.Proxy.Judge(attack);
    }

    private static async Task<Attacked> StartAsync()
    {
        var endpoint = await PlainEndpoint.StartAsync();
        return new Attacked(
            endpoint,
            await ProxyUnderAttack.StartAsync(ProxyUnderAttack.Service("flood", endpoint.Port), ProxyUnderAttack.Ingress(Host, "flood")));
    }

    private sealed record Attacked(PlainEndpoint Endpoint, ProxyUnderAttack Proxy) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Proxy.DisposeAsync();
            await Endpoint.DisposeAsync();
        }
    }
}
