using System.Buffers;
using Turnpike.Http.Http1;

namespace Turnpike.IngressProxy.Upstream.Http1;

/// <summary>
/// A connection to an endpoint and the bytes that were received but not read yet. While nothing of a response is left over, it holds
/// no buffer. One reader and one writer may use it at once.
/// </summary>
internal sealed class Http1Connection(Transport transport, string peer) : IDisposable
{
    private const int FirstBuffer = 4 * 1024;

    private byte[]? _buffer;
    private int _start;
    private int _end;

    /// <summary>The endpoint, for messages.</summary>
    public string Peer { get; } = peer;

    public ResponseHeadParser Parser { get; } = new();

    /// <summary>What is written but not sent yet.</summary>
    public ArrayBufferWriter<byte> Output { get; } = new(1024);

    /// <summary>Whether it carried a request before.</summary>
    public bool IsReused { get; set; }

    /// <summary>Whether anything was sent for the request that it carries now.</summary>
    public bool HasSent { get; private set; }

    /// <summary>Whether anything was received for it.</summary>
    public bool HasReceived { get; private set; }

    /// <summary>When it became idle.</summary>
    public long IdleSince { get; set; }

    /// <summary>Received but not read.</summary>
    public int Buffered => _end - _start;

    /// <summary>Says that from now on it carries another request.</summary>
    public void Begin()
    {
        HasSent = HasReceived = false;
        Output.ResetWrittenCount();
    }

    /// <summary>Says that from now on it is idle.</summary>
    public void Rest() => transport.Rest();

    /// <summary>
    /// While a connection is idle, nothing may come: neither its end nor bytes that nobody asked for. Either makes it unusable.
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

    /// <summary>Receives until the parser has a head or knows that there will be none; false at the end of the connection.</summary>
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

    /// <summary>The head is understood: what follows is next to be read.</summary>
    public void PassHead()
    {
        _start += Parser.Length;
        ReleaseIfEmpty();
    }

    /// <summary>Waits until there is something to read, or the end.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (Buffered == 0)
            await transport.ReceiveAsync(Memory<byte>.Empty, cancellationToken);
    }

    /// <summary>Reads what there is; 0 at the end of the connection.</summary>
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

    /// <summary>Says that no more is sent, while the endpoint may go on. Returns false where the transport can only end both directions.</summary>
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
