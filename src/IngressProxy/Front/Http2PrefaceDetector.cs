using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Turnpike.IngressProxy.Front;

/// <summary>
/// Serves HTTP/1.1 and HTTP/2 (with prior knowledge) on one cleartext port, which Kestrel alone does not do. It looks at the first bytes
/// of a connection and hands it to the connection pipeline of one protocol or the other. The pipeline for HTTP/2 belongs to an endpoint
/// that never accepts a connection itself.
/// </summary>
/// <param name="patience">From a first byte to what can be told; twice as long may pass before it.</param>
/// <param name="time">The clock.</param>
internal sealed class Http2PrefaceDetector(TimeSpan patience, TimeProvider time)
{
    private ConnectionDelegate? _http2;

    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0"u8;

    public void Listen(
        KestrelServerOptions options, IPEndPoint endpoint, Action<ListenOptions> configure, Action<ListenOptions> configureHttp2)
    {
        options.Listen(NullListener.EndPoint, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            // What is added after it lies inside of it.
            listen.Use(next => _http2 = next);
            configureHttp2(listen);
        });
        options.Listen(endpoint, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            configure(listen);
            listen.Use(next => connection => RunAsync(connection, next));
        });
    }

    private async Task RunAsync(ConnectionContext connection, ConnectionDelegate http1)
    {
        if (await IsHttp2Async(connection) is { } isHttp2)
            await (isHttp2 ? _http2! : http1)(connection);
    }

    /// <summary>Returns null when the connection ended before the protocol was known.</summary>
    private async ValueTask<bool?> IsHttp2Async(ConnectionContext connection)
    {
        var input = connection.Transport.Input;
        var begun = false;
        if (input.TryRead(out var early))
        {
            begun = early.Buffer.Length > 0;
            if (Judge(input, early) is { } known)
                return known;
        }

        // The server's own time limits begin with its own reading; and it must be able to stop.
        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        using var limit = new CancellationTokenSource(begun ? patience : patience * 2, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stopping, limit.Token);
        using var registration = end.Token.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), input);
        while (true)
        {
            var result = await input.ReadAsync();
            if (!begun && result.Buffer.Length > 0)
            {
                begun = true;
                limit.CancelAfter(patience);
            }
            if (Judge(input, result) is { } decided)
                return decided;
            if (result.IsCanceled || result.IsCompleted)
                return null;
        }
    }

    /// <summary>Detects the protocol and consumes no byte. Returns null when more bytes are needed.</summary>
    private static bool? Judge(PipeReader input, ReadResult result)
    {
        Span<byte> start = stackalloc byte[Preface.Length];
        var seen = (int)Math.Min(result.Buffer.Length, start.Length);
        result.Buffer.Slice(0, seen).CopyTo(start);
        bool? isHttp2 = seen > 0 && !Preface.StartsWith(start[..seen]) ? false : seen == Preface.Length ? true : null;
        input.AdvanceTo(result.Buffer.Start, isHttp2 is null ? result.Buffer.End : result.Buffer.Start);
        return isHttp2;
    }
}
