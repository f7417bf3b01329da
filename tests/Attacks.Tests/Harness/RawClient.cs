using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Turnpike.Tests.Attacks.Harness;

/// <summary>
/// A connection of an attacker's, who sends any bytes and reads what comes. It is no failure when the other side ends it.
/// </summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket;

    private int _disposed;

    private RawClient(Socket socket) => _socket = socket;

    public static async Task<RawClient?> TryConnectAsync(IPEndPoint to, CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(to, ct);
            return new RawClient(socket);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    public Task<bool> TrySendAsync(string text, CancellationToken ct) => TrySendAsync(Encoding.Latin1.GetBytes(text), ct);

    /// <summary>False where the other side no longer takes anything.</summary>
    public async Task<bool> TrySendAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        try
        {
            while (!bytes.IsEmpty)
                bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None, ct)..];
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Returns the bytes that come next; empty at the end of the connection.</summary>
    public async Task<byte[]> ReadAsync(CancellationToken ct)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            return buffer[..await _socket.ReceiveAsync(buffer, SocketFlags.None, ct)];
        }
        catch (SocketException)
        {
            return [];
        }
    }

    /// <summary>All that comes until the other side ends the connection.</summary>
    public async Task<string> ReadToEndAsync(CancellationToken ct)
    {
        var text = new StringBuilder();
        while (await ReadAsync(ct) is { Length: > 0 } bytes)
            text.Append(Encoding.Latin1.GetString(bytes));
        return text.ToString();
    }

    /// <summary>Reads whatever comes and forgets it, so that the other side is never held back.</summary>
    public void Ignore(CancellationToken ct) => _ = Task.Run(
        async () =>
        {
            try
            {
                await ReadToEndAsync(ct);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                // The attack is over.
            }
        },
        CancellationToken.None);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
            return;
        // Thousands of connections are not to wait in the kernel for a minute each.
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }
}
