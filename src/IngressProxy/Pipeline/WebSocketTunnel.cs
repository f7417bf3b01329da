using System.Security.Cryptography;
using Turnpike.IngressProxy.Admin;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.Pipeline;

/// <summary>WebSockets: the handshake goes through like a request, then bytes go both ways until one side ends it (behaviour reference §3.12).</summary>
internal sealed class WebSocketTunnel(IUpstreamClient client, ProxyMetrics metrics, TimeProvider time)
{
    public async ValueTask ConnectAsync(Exchange exchange, ClusterState? cluster, Route route, bool trusted, Random random)
    {
        if (cluster is null or { EndpointCount: 0 })
        {
            await LocalAnswer.SendAsync(exchange, 503, LocalAnswer.NoHealthyUpstream);
            return;
        }
        // Over HTTP/1.1 whatever the cluster speaks, and for long: nobody waits for one to end.
        var gate = cluster.Circuits.GateOf(UpstreamProtocol.Http1);
        if (!gate.TryEnter())
        {
            metrics.Overflowed(CircuitLimit.Requests);
            await LocalAnswer.SendOverflowAsync(exchange);
            return;
        }
        var endpoint = cluster.Pick(random, time)!;
        var request = OutgoingRequest.Create(exchange, route with { Timeout = TimeSpan.Zero, Retry = null }, cluster.Cluster, trusted)
            .To(endpoint, cluster.Cluster, null, null);
        // HTTP/2 has no handshake key of its own; an HTTP/1.1 server insists on one.
        if (exchange.Request.Version == HttpGeneration.Http2)
            request.Headers.Set("sec-websocket-key", Convert.ToBase64String(RandomNumberGenerator.GetBytes(16)));

        var began = time.GetTimestamp();
        endpoint.Begin();
        try
        {
            await using var response = await client.SendAsync(request, exchange.ClientGone);
            endpoint.Answered();
            ResponseHeaderRules.Apply(response, exchange.Response, time.GetElapsedTime(began));
            if (response.Status == 101)
                await SpliceAsync(exchange, response);
            else
                await BodyCopy.CopyAsync(response.Body, exchange.ResponseBody, exchange.ClientGone);
        }
        catch (UpstreamException e) when (!exchange.ResponseStarted)
        {
            endpoint.Failed(e.Failure, metrics, time);
            exchange.Response.StartOver();
            await LocalAnswer.SendAsync(exchange, 503, LocalAnswer.UpstreamReset);
        }
        catch (UpstreamException)
        {
            exchange.Abort();
        }
        finally
        {
            endpoint.End();
            gate.Leave();
        }
    }

    private static async ValueTask SpliceAsync(Exchange exchange, UpstreamResponse response)
    {
        var headers = exchange.Response.Headers;
        if (exchange.Request.Version == HttpGeneration.Http2)
            headers.Remove("sec-websocket-accept");
        else
            headers.Set("upgrade", "websocket");
        await using var upstream = response.TakeConnection();
        await using var downstream = await exchange.AcceptUpgradeAsync(exchange.ClientGone);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(exchange.ClientGone);
        var toClient = PumpAsync(upstream, downstream, end.Token);
        var toServer = PumpAsync(downstream, upstream, end.Token);
        // A side that ends has sent all that it had; neither protocol lets us close one direction alone.
        await Task.WhenAny(toClient, toServer);
        await end.CancelAsync();
        await Task.WhenAll(toClient, toServer);
    }

    private static async Task PumpAsync(Stream from, Stream to, CancellationToken cancellationToken)
    {
        try
        {
            await BodyCopy.CopyAsync(new StreamBodyReader(from), new StreamBodyWriter(to), cancellationToken);
            await to.FlushAsync(cancellationToken);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // That is how a connection ends when somebody hangs up.
        }
    }
}
