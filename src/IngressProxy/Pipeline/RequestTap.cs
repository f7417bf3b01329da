namespace Turnpike.IngressProxy.Pipeline;

/// <summary>
/// The body of a request on its way upstream: says when all of it has come, and keeps a copy for as long as somebody may want
/// it again and it stays small.
/// </summary>
/// <param name="inner">The client's body.</param>
/// <param name="keep">Whether to keep a copy.</param>
/// <param name="clock">Starts when all of it has come.</param>
/// <param name="mirror">Gets a copy when all of it has come, unless it is too large to be kept.</param>
internal sealed class RequestTap(BodyReader inner, bool keep, RequestClock clock, Mirror.MirrorCopy? mirror) : BodyReader
{
    public const int KeepLimit = 1024 * 1024;

    private readonly MemoryStream? _copy = keep ? new MemoryStream() : null;
    private int _position;
    private bool _started;
    private bool _ended;
    private bool _overflowed;

    /// <summary>Whether it can be read from its beginning again.</summary>
    public bool CanRewind => !_started || (_copy is not null && !_overflowed);

    public void Rewind() => _position = 0;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_copy is not null && _position < _copy.Length)
        {
            var again = Math.Min(buffer.Length, (int)_copy.Length - _position);
            _copy.GetBuffer().AsSpan(_position, again).CopyTo(buffer.Span);
            _position += again;
            return again;
        }
        if (_ended)
            return 0;
        var count = await inner.ReadAsync(buffer, cancellationToken);
        if (buffer.IsEmpty)
            return 0;
        _started = true;
        if (count == 0)
        {
            _ended = true;
            clock.Start();
            if (_copy is not null && !_overflowed)
                mirror?.Send(_copy.GetBuffer().AsMemory(0, (int)_copy.Length));
        }
        else
        {
            Keep(buffer.Span[..count]);
        }
        return count;
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (_copy is null || _overflowed)
            return;
        if (_copy.Length + bytes.Length > KeepLimit)
        {
            _overflowed = true;
            _position = 0;
            _copy.SetLength(0);
            _copy.Capacity = 0;
            return;
        }
        _copy.Write(bytes);
        _position += bytes.Length;
    }
}

/// <summary>A body from memory.</summary>
internal sealed class MemoryBody(ReadOnlyMemory<byte> bytes) : BodyReader
{
    private ReadOnlyMemory<byte> _rest = bytes;

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var count = Math.Min(buffer.Length, _rest.Length);
        _rest[..count].CopyTo(buffer);
        _rest = _rest[count..];
        return new ValueTask<int>(count);
    }
}
