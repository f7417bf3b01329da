using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Turnpike.IngressProxy.Front;

/// <summary>
/// A connection whose client may end its own direction and still get its response. The transport reports a connection as closed when
/// nothing more can come from it, and the server then aborts the request in flight. Here the connection counts as closed when it was
/// reset, or when its client has ended its direction and has taken no bytes for a while.
/// </summary>
internal sealed class HalfClosableConnection : ConnectionContext
{
    private readonly ConnectionContext _inner;
    private readonly TimeSpan _wait;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _closed = new();
    private readonly CancellationTokenRegistration _registration;
    private readonly Lock _lock = new();
    private ITimer? _timer;
    private ulong _acknowledged;
    private bool _disposed;

    public HalfClosableConnection(ConnectionContext inner, TimeSpan wait, TimeProvider time)
    {
        _inner = inner;
        _wait = wait;
        _time = time;
        ConnectionClosed = _closed.Token;
        _registration = inner.ConnectionClosed.UnsafeRegister(
            static connection => ((HalfClosableConnection)connection!).NothingMoreComes(), this);
    }

    /// <inheritdoc/>
    public override string ConnectionId { get => _inner.ConnectionId; set => _inner.ConnectionId = value; }

    /// <inheritdoc/>
    public override IFeatureCollection Features => _inner.Features;

    /// <inheritdoc/>
    public override IDictionary<object, object?> Items { get => _inner.Items; set => _inner.Items = value; }

    /// <inheritdoc/>
    public override IDuplexPipe Transport { get => _inner.Transport; set => _inner.Transport = value; }

    /// <inheritdoc/>
    public override EndPoint? LocalEndPoint { get => _inner.LocalEndPoint; set => _inner.LocalEndPoint = value; }

    /// <inheritdoc/>
    public override EndPoint? RemoteEndPoint { get => _inner.RemoteEndPoint; set => _inner.RemoteEndPoint = value; }

    /// <inheritdoc/>
    public override CancellationToken ConnectionClosed { get; set; }

    /// <inheritdoc/>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        _inner.Abort(abortReason);
        Close();
    }

    /// <summary>Releases what belongs to this layer. The transport disposes of the connection itself.</summary>
    public override async ValueTask DisposeAsync()
    {
        await _registration.DisposeAsync();
        lock (_lock)
        {
            _disposed = true;
            _timer?.Dispose();
        }
        _closed.Dispose();
        await base.DisposeAsync();
    }

    private void NothingMoreComes()
    {
        if (!TcpState.IsHalfClosed(_inner, out _acknowledged))
        {
            Close();
            return;
        }
        lock (_lock)
        {
            if (!_disposed)
                _timer = _time.CreateTimer(static connection => ((HalfClosableConnection)connection!).Check(), this, _wait, _wait);
        }
    }

    private void Check()
    {
        if (TcpState.IsHalfClosed(_inner, out var acknowledged) && acknowledged != _acknowledged)
        {
            _acknowledged = acknowledged;
            return;
        }
        Close();
    }

    private void Close()
    {
        try
        {
            _closed.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The connection has been disposed of already.
        }
    }

    /// <summary>What the kernel knows about a connection (<c>tcp_info</c> of Linux).</summary>
    private static class TcpState
    {
        private const int TcpLevel = 6;
        private const int TcpInfo = 11;
        private const byte CloseWait = 8;
        private const int AcknowledgedAt = 120;

        /// <summary>Returns true when the other side has ended its direction and has not reset the connection.</summary>
        /// <param name="connection">The connection whose socket is asked.</param>
        /// <param name="acknowledged">The number of bytes that the other side has acknowledged.</param>
        public static bool IsHalfClosed(ConnectionContext connection, out ulong acknowledged)
        {
            acknowledged = 0;
            if (!OperatingSystem.IsLinux() || connection.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket)
                return false;
            Span<byte> info = stackalloc byte[AcknowledgedAt + sizeof(ulong)];
            try
            {
                if (socket.GetRawSocketOption(TcpLevel, TcpInfo, info) < info.Length)
                    return false;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return false;
            }
            acknowledged = BinaryPrimitives.ReadUInt64LittleEndian(info[AcknowledgedAt..]);
            return info[0] == CloseWait;
        }
    }
}
