using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Turnpike.Pipeline.Metrics;

namespace Turnpike.IngressProxy.Front;

/// <summary>Stands before everything else that a connection meets: counts connections, and closes those beyond the limit at once.</summary>
/// <param name="options">Limits and times.</param>
/// <param name="metrics">Counts what is closed.</param>
/// <param name="time">What time it is.</param>
internal sealed class ConnectionGuard(ProxyOptions options, ProxyMetrics metrics, TimeProvider time)
{
    private int _open;

    /// <summary>The outermost layer of a listener's connections.</summary>
    public void Watch(ListenOptions listen) => listen.Use(next => connection => RunAsync(connection, next));

    /// <summary>A layer for connections that speak HTTP/2 in clear, or perhaps do so inside TLS.</summary>
    public void WatchFrames(ListenOptions listen) => listen.Use(next => connection => RunFramesAsync(connection, next));

    private async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (Interlocked.Increment(ref _open) > options.MaxConnections)
        {
            Interlocked.Decrement(ref _open);
            metrics.ConnectionRefused();
            connection.Abort(new ConnectionAbortedException("there are as many connections as may be"));
            return;
        }
        try
        {
            await using var guarded = new HalfClosableConnection(connection, options.HalfClosedWait, time);
            await next(guarded);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private async Task RunFramesAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (connection.Features.Get<ITlsApplicationProtocolFeature>() is { } tls && !tls.ApplicationProtocol.Span.SequenceEqual("h2"u8))
        {
            await next(connection);
            return;
        }
        var transport = connection.Transport;
        await using var reader = new FrameReader(transport.Input, options.HeadTimeout, time, () =>
            connection.Abort(new ConnectionAbortedException("a frame or a header block was begun and not finished")));
        connection.Transport = new Duplex(reader, transport.Output);
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Transport = transport;
        }
    }

    private sealed class Duplex(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input { get; } = input;

        public PipeWriter Output { get; } = output;
    }
}
