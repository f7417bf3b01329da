using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Turnpike.Tests.Support;

/// <summary>
/// Tells how far one connection has come, for the report of a request without a response: the network or the proxy may be at fault.
/// </summary>
internal sealed class ConnectionTrace : IDisposable
{
    // These are offsets in Linux' tcp_info.
    private const int TcpLevel = 6;
    private const int TcpInfo = 11;
    private const int Retransmits = 2;
    private const int Unacknowledged = 24;
    private const int BytesAcknowledged = 120;
    private const int BytesReceived = 128;
    private const int Size = 136;

    private readonly long _started = Stopwatch.GetTimestamp();
    private Socket? _socket;
    private TimeSpan? _connected;
    private string? _last;

    /// <summary>Makes the connection that is traced; there is only one.</summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        _socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await _socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
        _connected = Stopwatch.GetElapsedTime(_started);
        return new TracedStream(_socket, this);
    }

    public void Dispose() => _socket?.Dispose();

    public override string ToString()
    {
        if (_last is { } last)
            return last;
        if (_socket is not { } socket)
            return "no connection was begun";
        Span<byte> info = stackalloc byte[Size];
        try
        {
            if (_connected is not { } connected)
                return "the connection was not made";
            if (socket.GetRawSocketOption(TcpLevel, TcpInfo, info) < Size)
                return "connected";
            return string.Create(
                CultureInfo.InvariantCulture,
                $"connected from {socket.LocalEndPoint} to {socket.RemoteEndPoint} after {connected.TotalMilliseconds:0} ms, "
                + $"TCP state {info[0]}, {info[Retransmits]} retransmissions, "
                + $"{BinaryPrimitives.ReadUInt32LittleEndian(info[Unacknowledged..])} segments not acknowledged, "
                + $"{BinaryPrimitives.ReadUInt64LittleEndian(info[BytesAcknowledged..])} bytes acknowledged, "
                + $"{BinaryPrimitives.ReadUInt64LittleEndian(info[BytesReceived..])} received");
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return $"connected, then {e.Message}";
        }
    }

    /// <summary>
    /// Owns its socket, because a client gives a request up by disposing of the stream: a socket that stayed open would let the read go on,
    /// and the request with it, for ever. The trace keeps what the socket said last.
    /// </summary>
    private sealed class TracedStream(Socket socket, ConnectionTrace trace) : NetworkStream(socket, ownsSocket: true)
    {
        protected override void Dispose(bool disposing)
        {
            trace._last ??= trace.ToString();
            base.Dispose(disposing);
        }
    }
}
