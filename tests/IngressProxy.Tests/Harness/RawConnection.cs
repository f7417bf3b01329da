using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Turnpike.Tests.IngressProxy.Harness;

/// <summary>A TCP connection that speaks bytes, either end.</summary>
internal sealed class RawConnection(Socket socket, CancellationToken cancellationToken) : IDisposable
{
    private readonly NetworkStream _stream = new(socket, ownsSocket: true);
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    public Stream Stream => _stream;

    /// <summary>Cancelled when the test is over, or the server that the connection belongs to.</summary>
    public CancellationToken Stopped => cancellationToken;

    public static async Task<RawConnection> ConnectAsync(IPEndPoint endpoint)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(endpoint, cancellationToken);
        return new RawConnection(socket, cancellationToken);
    }

    public ValueTask WriteAsync(string text) => WriteAsync(Encoding.Latin1.GetBytes(text));

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes) => _stream.WriteAsync(bytes, cancellationToken);

    /// <summary>Everything up to and with the empty line; null at the end of the connection.</summary>
    public async Task<string?> TryReadHeadAsync()
    {
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (_start == _end && !await FillAsync())
                return head.Length == 0 ? null : throw new IOException($"connection closed after '{head}'");
            head.Append((char)_buffer[_start++]);
        }
        return head.ToString();
    }

    public async Task<string> ReadHeadAsync() => await TryReadHeadAsync() ?? throw new IOException("connection closed");

    public async Task<byte[]> ReadBytesAsync(int count)
    {
        var bytes = new byte[count];
        for (var got = 0; got < count;)
        {
            if (_start == _end && !await FillAsync())
                throw new IOException($"connection closed after {got} of {count} bytes");
            var part = Math.Min(count - got, _end - _start);
            _buffer.AsSpan(_start, part).CopyTo(bytes.AsSpan(got));
            _start += part;
            got += part;
        }
        return bytes;
    }

    public async Task<string> ReadTextAsync(int count) => Encoding.Latin1.GetString(await ReadBytesAsync(count));

    /// <summary>All that comes until the connection ends, however it ends.</summary>
    public async Task<string> ReadToEndAsync()
    {
        var text = new StringBuilder();
        try
        {
            do
            {
                text.Append(Encoding.Latin1.GetString(_buffer, _start, _end - _start));
                _start = _end;
            }
            while (await FillAsync());
        }
        catch (IOException)
        {
        }
        return text.ToString();
    }

    /// <summary>Completes when the other side has closed or reset.</summary>
    public async Task WaitForEndAsync() => await ReadToEndAsync();

    /// <summary>Says that no more comes, and goes on reading.</summary>
    public void EndWriting() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>Ends with RST instead of FIN.</summary>
    public void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    public void Dispose() => _stream.Dispose();

    private async Task<bool> FillAsync()
    {
        _start = 0;
        _end = await _stream.ReadAsync(_buffer, cancellationToken);
        return _end > 0;
    }
}
