using System.Buffers.Text;
using System.Security.Cryptography;
using Turnpike.Http;
using Turnpike.Pipeline.Metrics;
using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>
/// Serves WebSockets (istio-2017.md §3.12). The handshake is forwarded like a request. Then bytes are copied in both directions until both
/// have ended, or until one of them fails or cannot end alone.
/// </summary>
internal sealed class WebSocketTunnel(AttemptServices services)
{
    private const int KeyLength = 16;

    public async ValueTask ConnectAsync(Exchange exchange, ClusterState? cluster, Route route, bool trusted, BodyIdlePolicy patience)
    {
        if (cluster is not { IsOpen: true })
        {
            await LocalReply.SendNoUpstreamAsync(exchange, cluster);
            return;
        }
        // A WebSocket is spoken over HTTP/1.1 whatever protocol the cluster has. It may last long, so a new one does not wait for a slot.
        await using var attempt = new Attempt(services).Begin(cluster, UpstreamProtocol.Http1);
        if (!attempt.TryEnter())
        {
            services.Metrics.Overflowed(CircuitLimit.Requests);
            await LocalReply.SendOverflowAsync(exchange);
            return;
        }
        var endpoint = attempt.Pick();
        var request = new OutgoingRequest().Begin(exchange, route with { Timeout = TimeSpan.Zero, Retry = null }, cluster.Cluster, trusted)
            .To(endpoint, cluster.Cluster, null, null);
        // A handshake over HTTP/2 has no key, and an HTTP/1.1 server requires one.
        if (exchange.Request.Version == HttpGeneration.Http2)
            SetKey(request.Headers);

        var began = services.Time.GetTimestamp();
        exchange.Trace.Asked(endpoint);
        if (await attempt.SendAsync(request, exchange.ClientGone) is { } failure)
        {
            exchange.Response.StartOver();
            await LocalReply.SendFailureAsync(exchange, failure);
            return;
        }
        var response = attempt.Response!;
        try
        {
            ResponseHeaderRules.Apply(response, new HeaderList(), exchange.Response, services.Time.GetElapsedTime(began));
            if (response.Status == 101)
                await SpliceAsync(exchange, response, patience);
            else
                await RefuseAsync(exchange, response, patience);
        }
        catch (UpstreamException e) when (!exchange.ResponseStarted)
        {
            exchange.Response.StartOver();
            await LocalReply.SendFailureAsync(exchange, e.Failure);
        }
        catch (UpstreamException)
        {
            exchange.Abort();
        }
    }

    /// <summary>Forwards the response of an endpoint that refuses the WebSocket. It is a response like any other.</summary>
    private async ValueTask RefuseAsync(Exchange exchange, UpstreamResponse response, BodyIdlePolicy patience)
    {
        using var deadlines = new RequestDeadlines(services.Deadlines);
        deadlines.Begin(TimeSpan.Zero, TimeSpan.Zero, exchange.ClientGone);
        using var waits = new ClientWaits(deadlines, services.Deadlines, services.Time);
        waits.Begin(patience);
        try
        {
            await BodyCopy.CopyAsync(response.Body, waits.ForResponse(exchange.ResponseBody), deadlines.Token);
        }
        catch (OperationCanceledException) when (deadlines.ClientStalled)
        {
            exchange.Abort();
        }
    }

    private async ValueTask SpliceAsync(Exchange exchange, UpstreamResponse response, BodyIdlePolicy patience)
    {
        var headers = exchange.Response.Headers;
        if (exchange.Request.Version == HttpGeneration.Http2)
            headers.Remove(KnownHeader.SecWebSocketAccept);
        else
            headers.Set(KnownHeader.Upgrade, "websocket"u8);
        await using var upstream = response.TakeConnection();
        await using var downstream = await exchange.AcceptUpgradeAsync(exchange.ClientGone);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(exchange.ClientGone);
        // Either side may be silent for as long as it likes, but it must read what the other one sends.
        using var client = new ClientWaits(new Tunnel(end), services.Deadlines, services.Time);
        using var server = new ClientWaits(new Tunnel(end), services.Deadlines, services.Time);
        client.Begin(patience);
        server.Begin(patience);
        var toClient = CopyAsync(upstream, downstream, client, end.Token);
        var toServer = CopyAsync(downstream, upstream, server, end.Token);
        // If the transport can end one direction alone, the end is passed on and the other direction continues. Otherwise both end.
        if (!await await Task.WhenAny(toClient, toServer))
            await end.CancelAsync();
        await Task.WhenAll(toClient, toServer);
    }

    private static void SetKey(HeaderList headers)
    {
        headers.Remove(KnownHeader.SecWebSocketKey);
        var key = headers.Add(KnownHeader.SecWebSocketKey, Base64.GetMaxEncodedToUtf8Length(KeyLength));
        Span<byte> random = stackalloc byte[KeyLength];
        RandomNumberGenerator.Fill(random);
        Base64.EncodeToUtf8(random, key, out _, out _);
    }

    /// <summary>Copies one direction. Returns true when it has ended and its end was passed on.</summary>
    private static async Task<bool> CopyAsync(ByteChannel from, ByteChannel to, ClientWaits waits, CancellationToken cancellationToken)
    {
        try
        {
            await from.CopyToAsync(to, waits, cancellationToken);
            return await to.TryEndAsync(cancellationToken);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // These exceptions are how a connection ends when one side hangs up.
            return false;
        }
    }

    private sealed class Tunnel(CancellationTokenSource end) : IStallable
    {
        /// <inheritdoc/>
        public void Stall() => end.Cancel();
    }
}
