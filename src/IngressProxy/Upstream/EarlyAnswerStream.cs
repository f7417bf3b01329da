using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Turnpike.IngressProxy.Upstream;

/// <summary>
/// A connection to an HTTP/1.1 endpoint, which may answer before it has read the whole request: too large, not allowed, not here.
/// <see cref="SocketsHttpHandler"/> looks at no answer before the body is sent, and forgets the answer when the sending fails. So a
/// body is cut short when a refusal comes early: whatever is still written goes nowhere, and the answer is taken at once.
/// </summary>
internal sealed class EarlyAnswerStream : NetworkStream
{
    // "HTTP/1.1 413"
    private const int StatusLineStart = 12;
    private const int StatusClassAt = 9;

    private CancellationTokenSource? _cutting;
    private StreamedContent? _watched;
    private volatile bool _isReading;
    private volatile bool _isCut;
    private bool _isMarked;
    private ReadOnlyMemory<byte> _held;
    private byte _last;

    public EarlyAnswerStream(Socket socket)
        : base(socket, ownsSocket: true)
    {
        // Of synchronous reading, which never has to wait here.
        socket.ReceiveTimeout = 1;
    }

    private static ReadOnlySpan<byte> Mark => "Connection: close\r\n"u8;

    /// <summary>Cuts <paramref name="content"/> short when an answer comes that is a refusal, or the end of the connection.</summary>
    public void Watch(StreamedContent content)
    {
        _cutting ??= new CancellationTokenSource();
        // On a connection that was used before, the client reads already, to see whether it lives.
        if (!_isReading)
            _ = WatchAsync(content);
    }

    /// <summary>The body is sent, or given up.</summary>
    public void Unwatch() => Volatile.Write(ref _watched, null);

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var content = StreamedContent.Current;
        if (content is not null)
        {
            content.GoesOver(this);
            Volatile.Write(ref _watched, content);
        }
        if (_isCut)
            return default;
        var write = base.WriteAsync(buffer, cancellationToken.CanBeCanceled ? cancellationToken : _cutting?.Token ?? default);
        return write.IsCompletedSuccessfully ? write : FinishAsync(write, content);
    }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_held.IsEmpty)
            return new(TakeHeld(buffer.Span));
        _isReading = true;
        return TakeAsync(buffer, base.ReadAsync(buffer, cancellationToken));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            _cutting?.Dispose();
    }

    private async ValueTask FinishAsync(ValueTask write, StreamedContent? content)
    {
        try
        {
            await write;
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && _isCut))
        {
            // The other side takes no more. It may have said why before; if not, reading fails as this did.
            Cut(content);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> TakeAsync(Memory<byte> buffer, ValueTask<int> read)
    {
        try
        {
            var count = await read;
            if (buffer.IsEmpty)
                return count;
            if (_watched is not null && IsRefusalOrEnd(buffer.Span[..count]))
                CutWhileSending();
            return _isCut && !_isMarked ? MarkAnswer(buffer.Span, count) : count;
        }
        catch (IOException) when (_watched is not null)
        {
            CutWhileSending();
            throw;
        }
        finally
        {
            _isReading = false;
        }
    }

    /// <summary>
    /// Puts a header into the answer to a request that was cut short which keeps the client from sending another request here: the
    /// endpoint would take that for the rest of the body.
    /// </summary>
    private int MarkAnswer(Span<byte> buffer, int count)
    {
        var bytes = buffer[..count];
        var lineEnd = _last == '\r' && bytes is [(byte)'\n', ..] ? 1 : bytes.IndexOf("\r\n"u8) is >= 0 and var at ? at + 2 : -1;
        if (count > 0)
            _last = bytes[^1];
        if (lineEnd < 0)
            return count;
        _isMarked = true;
        _held = (byte[])[.. Mark, .. bytes[lineEnd..]];
        return lineEnd + TakeHeld(buffer[lineEnd..]);
    }

    private int TakeHeld(Span<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _held.Length);
        _held.Span[..count].CopyTo(buffer);
        _held = _held[count..];
        return count;
    }

    private async Task WatchAsync(StreamedContent content)
    {
        try
        {
            // Completes when there is something to read, and takes nothing. It may outlive the body, which is then whole.
            await Socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Judged below like an end.
        }
        content.WhileSending(this, static connection =>
        {
            if (connection._isReading || !connection.HasRefusalOrEnd())
                return;
            connection.CutWatched();
        });
    }

    private void CutWhileSending() => _watched?.WhileSending(this, static connection => connection.CutWatched());

    private void CutWatched()
    {
        Cut(_watched);
        _cutting?.Cancel();
    }

    private bool HasRefusalOrEnd()
    {
        try
        {
            Span<byte> start = stackalloc byte[StatusLineStart];
            return IsRefusalOrEnd(start[..Socket.Receive(start, SocketFlags.Peek)]);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
        {
            return false;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }

    /// <summary>What else comes may be informational, or an answer that is made of the body while that comes.</summary>
    private static bool IsRefusalOrEnd(ReadOnlySpan<byte> start) =>
        start.IsEmpty || (start.Length >= StatusLineStart && start[StatusClassAt] >= '3');

    private void Cut(StreamedContent? content)
    {
        _isCut = true;
        content?.CutShort();
    }
}
