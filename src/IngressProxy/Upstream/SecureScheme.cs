using System.Buffers;

namespace Turnpike.IngressProxy.Upstream;

/// <summary>
/// Changes the scheme of requests on an HTTP/2 connection over TLS from <c>http</c> to <c>https</c>. The client library shares connections
/// of the scheme https only between requests with one Host. Clients choose the Host, so each new one would open a new connection to the
/// endpoint. The library is therefore told that the scheme is http, for which it pools connections by endpoint, and the one byte of a
/// request that says so is replaced: the second field of a head, where static entry 6 of HPACK becomes 7. A head that does not begin like
/// that ends the connection.
/// </summary>
internal sealed class SecureScheme(Stream inner) : Stream
{
    private const int FrameHead = 9;
    private const byte HeadersFrame = 1;
    private const byte ContinuationFrame = 9;
    private const byte PaddedOrPriority = 0x08 | 0x20;
    private const byte Http = 0x86;
    private const byte Https = 0x87;

    private readonly List<int> _found = [];
    private int _preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".Length;
    private int _headRead;
    private int _length;
    private byte _type;
    private byte _flags;
    private Part _part = Part.None;
    private long _methodLeft;
    private int _shift;

    /// <summary>The part of a head that the next byte belongs to.</summary>
    private enum Part
    {
        None,
        Method,
        MethodLength,
        MoreOfMethodLength,
        MethodText,
        Scheme,
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Check(buffer.Span);
        if (_found.Count == 0)
        {
            await inner.WriteAsync(buffer, cancellationToken);
            return;
        }
        var copy = ArrayPool<byte>.Shared.Rent(buffer.Length);
        try
        {
            buffer.CopyTo(copy);
            foreach (var at in _found)
                copy[at] = Https;
            await inner.WriteAsync(copy.AsMemory(0, buffer.Length), cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.ReadAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        inner.ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public override void Flush() => inner.Flush();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Follows the frames, and notes where in these bytes the scheme is.</summary>
    private void Check(ReadOnlySpan<byte> bytes)
    {
        _found.Clear();
        for (var i = 0; i < bytes.Length; i++)
        {
            if (_preface > 0)
            {
                _preface--;
            }
            else if (_headRead < FrameHead)
            {
                ReadFrameHead(bytes[i]);
            }
            else if (_part == Part.None)
            {
                // The rest of this frame does not matter.
                var rest = Math.Min(_length, bytes.Length - i);
                i += rest - 1;
                EndOf(rest);
            }
            else
            {
                if (_part == Part.Scheme)
                    _found.Add(i);
                ReadFields(bytes[i]);
                EndOf(1);
            }
        }
    }

    private void ReadFrameHead(byte value)
    {
        switch (_headRead++)
        {
            case 0:
                _length = value;
                break;
            case 1 or 2:
                _length = (_length << 8) | value;
                break;
            case 3:
                _type = value;
                break;
            case 4:
                _flags = value;
                break;
        }
        if (_headRead < FrameHead)
            return;
        if (_type == HeadersFrame)
            _part = (_flags & PaddedOrPriority) == 0 ? Part.Method : throw Unexpected();
        else if (_type != ContinuationFrame && _part != Part.None)
            throw Unexpected();
        if (_length == 0)
            _headRead = 0;
    }

    private void EndOf(int count)
    {
        _length -= count;
        if (_length == 0)
            _headRead = 0;
    }

    private void ReadFields(byte value)
    {
        switch (_part)
        {
            case Part.Method:
                // The field is an entry of the table with its value, or the name of an entry with the value as text.
                _part = (value & 0x80) != 0 ? Part.Scheme : value is 0x02 or 0x12 or 0x42 ? Part.MethodLength : throw Unexpected();
                break;
            case Part.MethodLength:
                _methodLeft = value & 0x7f;
                _shift = 0;
                _part = _methodLeft == 0x7f ? Part.MoreOfMethodLength : _methodLeft == 0 ? Part.Scheme : Part.MethodText;
                break;
            case Part.MoreOfMethodLength:
                if (_shift > 21)
                    throw Unexpected();
                _methodLeft += (long)(value & 0x7f) << _shift;
                _shift += 7;
                if ((value & 0x80) == 0)
                    _part = Part.MethodText;
                break;
            case Part.MethodText:
                if (--_methodLeft == 0)
                    _part = Part.Scheme;
                break;
            case Part.Scheme:
                _part = value == Http ? Part.None : throw Unexpected();
                break;
        }
    }

    private static IOException Unexpected() => new("the head of a request does not begin with its method and scheme");
}
