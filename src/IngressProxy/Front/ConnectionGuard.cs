using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Turnpike.Pipeline.Metrics;

namespace Turnpike.IngressProxy.Front;

/// <summary>The outermost layer of every connection. It counts connections and closes those beyond the limit at once.</summary>
/// <param name="options">The limits and times that apply.</param>
/// <param name="metrics">Counts what is closed.</param>
/// <param name="time">The clock.</param>
internal sealed class ConnectionGuard(ProxyOptions options, ProxyMetrics metrics, TimeProvider time)
{
    private int _open;

    /// <summary>Adds the outermost layer to the connections of a listener.</summary>
    public void Watch(ListenOptions listen) => listen.Use(next => connection => RunAsync(connection, next));

    /// <summary>Adds a layer to connections that speak HTTP/2, in cleartext or after TLS has agreed on it.</summary>
    public void WatchFrames(ListenOptions listen) => listen.Use(next => connection => RunFramesAsync(connection, next));

    private async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (Interlocked.Increment(ref _open) > options.MaxConnections)
        {
            Interlocked.Decrement(ref _open);
            metrics.ConnectionRefused();
            connection.Abort(new ConnectionAbortedException("the limit of connections is reached"));
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
