using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Turnpike.Samples.Httpbin.Endpoints;

/// <summary><c>/websocket/echo</c>: returns every message, text as text and binary as binary, and the close message.</summary>
internal static class WebSocketEndpoints
{
    internal static void MapWebSocketEcho(this IEndpointRouteBuilder app)
    {
        var stopping = app.ServiceProvider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        app.Map("/websocket/echo", context => AcceptAsync(context, stopping));
    }

    private static async Task AcceptAsync(HttpContext context, CancellationToken stopping)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            await context.Response.WriteTextAsync(StatusCodes.Status426UpgradeRequired, "this endpoint speaks WebSocket only\n");
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync(context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault());
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            await EchoAsync(socket, ending.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // The peer has disconnected, or the server stops, so no response can be sent.
        }
    }

    private static async Task EchoAsync(WebSocket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var piece = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
            if (piece.MessageType == WebSocketMessageType.Close)
            {
                // An empty close message has no status that could be sent back.
                var status = socket.CloseStatus is WebSocketCloseStatus.Empty ? WebSocketCloseStatus.NormalClosure : socket.CloseStatus!;
                await socket.CloseOutputAsync(status.Value, socket.CloseStatusDescription, cancellationToken);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, piece.Count), piece.MessageType, piece.EndOfMessage, cancellationToken);
        }
    }
}
