using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Turnpike.Tests.EndToEnd.Support;

/// <summary>How far one connection has come, for the report of a request that nobody answers: the network or the proxy may be at fault.</summary>
internal sealed class ConnectionTrace : IDisposable
{
    // Of Linux' tcp_info.
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

    /// <summary>Makes the connection that is traced; there is only one.</summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        _socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await _socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
        _connected = Stopwatch.GetElapsedTime(_started);
        // The socket outlives the stream, so that it can be asked when the request has been given up.
        return new NetworkStream(_socket, ownsSocket: false);
    }

    public void Dispose() => _socket?.Dispose();

    public override string ToString()
    {
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
                $"connected from {socket.LocalEndPoint} to {socket.RemoteEndPoint} after {connected.TotalMilliseconds:0} ms, TCP state {info[0]}, {info[Retransmits]} retransmissions, {BinaryPrimitives.ReadUInt32LittleEndian(info[Unacknowledged..])} segments not acknowledged, {BinaryPrimitives.ReadUInt64LittleEndian(info[BytesAcknowledged..])} bytes acknowledged, {BinaryPrimitives.ReadUInt64LittleEndian(info[BytesReceived..])} received");
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return $"connected, then {e.Message}";
        }
    }
}
