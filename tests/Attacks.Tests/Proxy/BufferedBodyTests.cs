using Turnpike.Tests.Attacks.Harness;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Attacks.Proxy;

/// <summary>Tests bodies that the proxy might keep, to send them again or to another cluster.</summary>
public sealed class BufferedBodyTests
{
    private const int Uploads = 800;
    private const int Length = 1_000_000;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("retries", "  http_req_retries: {simple_retry: {attempts: 3}}")]
    [InlineData("a mirror", "  mirror: {name: copy}")]
    public async Task UnfinishedUploads_EndNeitherTheProxyNorAnyonesService(string what, string fields)
    {
        await using var endpoint = await PlainEndpoint.StartAsync();
        await using var proxy = await ProxyUnderAttack.StartAsync(
            ProxyUnderAttack.Service("uploads", endpoint.Port),
            ProxyUnderAttack.Service("copy", endpoint.Port),
            ProxyUnderAttack.Ingress("uploads.test", "uploads"),
            ProxyUnderAttack.Rule("kept", "uploads", fields));
        var head = $"POST /upload HTTP/1.1\r\nHost: uploads.test\r\nContent-Length: {Length}\r\n\r\n";
        var almost = new byte[Length - 1];

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        var open = new List<RawClient>();
        try
        {
            await Parallel.ForAsync(
                0,
                Uploads,
                new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = limit.Token },
                async (_, ct) =>
                {
                    if (await RawClient.TryConnectAsync(proxy.Http, ct) is not { } client)
                        return;
                    lock (open)
                        open.Add(client);
                    if (await client.TrySendAsync(head, ct))
                        await client.TrySendAsync(almost, ct);
                    // A hundred a second: it is about what is kept, not about how fast two processors move bytes.
                    await Wait.Lasting(TimeSpan.FromMilliseconds(40), ct);
                });
            await Wait.Lasting(TimeSpan.FromSeconds(3), limit.Token);
        }
        catch (OperationCanceledException) when (!Cancelled.IsCancellationRequested)
        {
            // The proxy takes them no faster: that is its right.
        }
        finally
        {
            open.ForEach(client => client.Dispose());
        }
        proxy.Judge($"{Uploads} unfinished uploads of 1 MB to a route with {what}");
    }
}
