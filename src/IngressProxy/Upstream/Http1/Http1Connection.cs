using System.Buffers;
using Turnpike.Http.Http1;

namespace Turnpike.IngressProxy.Upstream.Http1;

/// <summary>
/// A connection to an endpoint, with the bytes that were received but not read yet. It holds a buffer only while there are such bytes. One
/// reader and one writer may use it at once.
/// </summary>
internal sealed class Http1Connection(Transport transport, string peer) : IDisposable
{
    private const int FirstBuffer = 4 * 1024;

    private byte[]? _buffer;
    private int _start;
    private int _end;

    /// <summary>The endpoint, as messages name it.</summary>
    public string Peer { get; } = peer;

    public ResponseHeadParser Parser { get; } = new();

    /// <summary>The bytes that are written but not sent yet.</summary>
    public ArrayBufferWriter<byte> Output { get; } = new(1024);

    /// <summary>True when the connection has carried a request before.</summary>
    public bool IsReused { get; set; }

    /// <summary>True when a byte of the current request was sent.</summary>
    public bool HasSent { get; private set; }

    /// <summary>True when a byte of its response was received.</summary>
    public bool HasReceived { get; private set; }

    /// <summary>The timestamp at which the connection became idle.</summary>
    public long IdleSince { get; set; }

    /// <summary>The number of bytes that were received but not read.</summary>
    public int Buffered => _end - _start;

    /// <summary>Begins another request.</summary>
    public void Begin()
    {
        HasSent = HasReceived = false;
        Output.ResetWrittenCount();
    }

    /// <summary>Makes the connection idle.</summary>
    public void Rest() => transport.Rest();

    /// <summary>
    /// Returns true when nothing has arrived while the connection was idle. Bytes that no request asked for, and the end of the connection,
    /// make it unusable.
    /// </summary>
    public bool IsQuiet() => transport.IsQuiet();

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (Output.WrittenCount == 0)
            return;
        await SendAsync(Output.WrittenMemory, cancellationToken);
        Output.ResetWrittenCount();
    }

    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await transport.SendAsync(bytes, cancellationToken)..];
            HasSent = true;
        }
    }

    /// <summary>Receives until the parser has a head or has found a fault; false at the end of the connection.</summary>
    public async ValueTask<bool> ReceiveHeadAsync(CancellationToken cancellationToken)
    {
        var status = Buffered == 0 ? ParseStatus.NeedMore : Parser.Parse(_buffer.AsSpan(_start, Buffered));
        while (status == ParseStatus.NeedMore)
        {
            MakeRoom();
            var count = await transport.ReceiveAsync(_buffer.AsMemory(_end), cancellationToken);
            if (count == 0)
                return false;
            HasReceived = true;
            _end += count;
            status = Parser.Parse(_buffer.AsSpan(_start, Buffered));
        }
        return true;
    }

    /// <summary>The bytes of the head that was just received.</summary>
    public ReadOnlySpan<byte> Head => _buffer.AsSpan(_start, Parser.Length);

    /// <summary>Moves behind the head, so that the bytes that follow are read next.</summary>
    public void PassHead()
    {
        _start += Parser.Length;
        ReleaseIfEmpty();
    }

    /// <summary>Waits until there is something to read, or until the end.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (Buffered == 0)
            await transport.ReceiveAsync(Memory<byte>.Empty, cancellationToken);
    }

    /// <summary>Reads the bytes that are there, and waits for some when there are none; 0 at the end of the connection.</summary>
    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (Buffered == 0)
            return transport.ReceiveAsync(buffer, cancellationToken);
        var count = Math.Min(buffer.Length, Buffered);
        _buffer.AsSpan(_start, count).CopyTo(buffer.Span);
        _start += count;
        ReleaseIfEmpty();
        return new ValueTask<int>(count);
    }

    /// <summary>
    /// Says that no more is sent, while the endpoint may go on. Returns false where the transport can only end both directions.
    /// </summary>
    public bool TryEndSending() => transport.TryEndSending();

    /// <inheritdoc/>
    public void Dispose() => transport.Dispose();

    private void MakeRoom()
    {
        _buffer ??= ArrayPool<byte>.Shared.Rent(FirstBuffer);
        if (_end < _buffer.Length)
            return;
        // The parser refuses a head before it outgrows this.
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(Buffered * 2, FirstBuffer));
        _buffer.AsSpan(_start, Buffered).CopyTo(larger);
        _end = Buffered;
        _start = 0;
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }

    private void ReleaseIfEmpty()
    {
        if (_start != _end || _buffer is null)
            return;
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
        _start = _end = 0;
    }
}
