using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Turnpike.Tests.Attacks.Harness;

/// <summary>An endpoint as services have them: reads every body to its end, then says ok.</summary>
internal sealed class PlainEndpoint(WebApplication app, int port) : IAsyncDisposable
{
    public int Port => port;

    public static async Task<PlainEndpoint> StartAsync()
    {
        ListenOptions? listener = null;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listener = listen);
        });
        var app = builder.Build();
        app.Run(async context =>
        {
            try
            {
                await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                return;
            }
            context.Response.ContentLength = 3;
            await context.Response.Body.WriteAsync("ok\n"u8.ToArray());
        });
        await app.StartAsync();
        return new PlainEndpoint(app, listener!.IPEndPoint!.Port);
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(canceled: true));
        await app.DisposeAsync();
    }
}

/// <summary>Keeps every byte that comes, and responds to each head (of requests without bodies) with that head.</summary>
internal sealed class RecordingEndpoint : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Connection> _connections = [];
    private readonly Task _loop;

    public RecordingEndpoint()
    {
        _listener.Start();
        _loop = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The bytes that each connection has brought.</summary>
    public IReadOnlyList<string> Received => [.. _connections.Select(connection => connection.Text)];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _loop;
        await Task.WhenAll(_connections.Select(connection => connection.Done));
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _connections.Add(new Connection(await _listener.AcceptSocketAsync(_stop.Token), _stop.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private sealed class Connection
    {
        private readonly StringBuilder _received = new();

        public Connection(Socket socket, CancellationToken stopped) => Done = ServeAsync(socket, stopped);

        public Task Done { get; }

        public string Text
        {
            get
            {
                lock (_received)
                    return _received.ToString();
            }
        }

        private async Task ServeAsync(Socket socket, CancellationToken stopped)
        {
            await Task.Yield();
            try
            {
                await using var stream = new NetworkStream(socket, ownsSocket: true);
                var buffer = new byte[64 * 1024];
                var pending = "";
                while (await stream.ReadAsync(buffer, stopped) is > 0 and var count)
                {
                    var text = Encoding.Latin1.GetString(buffer, 0, count);
                    lock (_received)
                        _received.Append(text);
                    pending += text;
                    while (pending.IndexOf("\r\n\r\n", StringComparison.Ordinal) is >= 0 and var end)
                    {
                        var head = Encoding.Latin1.GetBytes(pending[..(end + 4)]);
                        pending = pending[(end + 4)..];
                        await stream.WriteAsync(
                            Encoding.Latin1.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {head.Length}\r\n\r\n"), stopped);
                        await stream.WriteAsync(head, stopped);
                    }
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
            }
        }
    }
}
