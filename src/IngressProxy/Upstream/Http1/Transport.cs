using System.Net.Security;
using System.Net.Sockets;

namespace Turnpike.IngressProxy.Upstream.Http1;

/// <summary>
/// A connection as bytes in both directions, for one reader and one writer. Its failures are a <see cref="SocketException"/> or an
/// <see cref="ObjectDisposedException"/>, whether there is TLS below or not.
/// </summary>
internal abstract class Transport : IDisposable
{
    public static Transport Of(EndpointConnection connection) =>
        connection.Tls is { } tls ? new TlsTransport(connection.Socket, tls) : new SocketTransport(connection.Socket);

    /// <summary>Makes the connection idle: nothing is read, and nothing may arrive.</summary>
    public virtual void Rest()
    {
    }

    /// <summary>Returns true when neither bytes nor the end have arrived while the connection was idle.</summary>
    public abstract bool IsQuiet();

    /// <summary>Sends some of the bytes, and returns their number.</summary>
    public abstract ValueTask<int> SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Receives some bytes; 0 at the end. With an empty buffer it waits until there are some.</summary>
    public abstract ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Ends the direction that is sent. Returns false where only both can be ended.</summary>
    public virtual bool TryEndSending() => false;

    /// <inheritdoc/>
    public abstract void Dispose();

    protected static bool HasInput(Socket socket)
    {
        try
        {
            return socket.Poll(0, SelectMode.SelectRead);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }
}

internal sealed class SocketTransport(Socket socket) : Transport
{
    /// <inheritdoc/>
    public override bool IsQuiet() => !HasInput(socket);

    /// <inheritdoc/>
    public override ValueTask<int> SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        socket.SendAsync(bytes, SocketFlags.None, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);

    /// <inheritdoc/>
    public override bool TryEndSending()
    {
        socket.Shutdown(SocketShutdown.Send);
        return true;
    }

    /// <inheritdoc/>
    public override void Dispose() => socket.Dispose();
}

/// <summary>
/// A connection with TLS. Bytes may be inside the TLS stream, where the socket does not show them, and bytes that no request asked for must
/// not become part of the next response. So while the connection is idle, a read of one byte is pending, and the first read of the next
/// response continues with it.
/// </summary>
internal sealed class TlsTransport(Socket socket, SslStream tls) : Transport
{
    private const int Broken = -1;

    private readonly byte[] _first = new byte[1];
    private Task<int>? _ahead;

    /// <inheritdoc/>
    public override void Rest() => _ahead ??= ReadAheadAsync();

    /// <inheritdoc/>
    public override bool IsQuiet() => _ahead is not { IsCompleted: true } && !HasInput(socket);

    /// <inheritdoc/>
    public override async ValueTask<int> SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await tls.WriteAsync(bytes, cancellationToken);
            return bytes.Length;
        }
        catch (IOException e)
        {
            throw Reset(e);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_ahead is { } ahead)
        {
            var count = await ahead.WaitAsync(cancellationToken);
            if (count == Broken)
                throw new SocketException((int)SocketError.ConnectionReset);
            if (buffer.IsEmpty)
                return 0;
            if (count > 0)
                buffer.Span[0] = _first[0];
            _ahead = null;
            return count;
        }
        try
        {
            return await tls.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException e)
        {
            throw Reset(e);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        // The socket is closed first, because closing only the TLS stream would leave the read pending.
        socket.Dispose();
        tls.Dispose();
    }

    private async Task<int> ReadAheadAsync()
    {
        try
        {
            return await tls.ReadAsync(_first);
        }
        catch (Exception e)
            when (e is IOException or ObjectDisposedException or InvalidOperationException or System.Security.Authentication.AuthenticationException)
        {
            return Broken;
        }
    }

    private static SocketException Reset(IOException e) =>
        e.InnerException as SocketException ?? new SocketException((int)SocketError.ConnectionReset);
}
