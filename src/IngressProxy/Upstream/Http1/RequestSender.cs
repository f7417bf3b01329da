using Turnpike.Http;
using Turnpike.Http.Http1;
using Turnpike.Pipeline;

namespace Turnpike.IngressProxy.Upstream.Http1;

/// <summary>
/// Writes a request to a connection while the response is read from it. A small body is sent together with the head. No more of the
/// client's body is read than the endpoint takes.
/// </summary>
internal sealed class RequestSender : BodyWriter
{
    // Larger pieces are sent without being copied.
    private const int CopyLimit = 4 * 1024;
    private const int SendLimit = 16 * 1024;

    private static readonly TimeSpan LongestContinueWait = TimeSpan.FromSeconds(1);

    private readonly Http1Connection _connection;
    private readonly UpstreamRequest _request;
    private readonly CancellationTokenSource? _end;
    private readonly ContinueWait? _continue;
    private readonly IDeadlines _deadlines;
    private readonly MessageWriter _writer;
    private Task _sending = Task.CompletedTask;
    private long _written;
    private volatile bool _complete;

    public RequestSender(Http1Connection connection, UpstreamRequest request, IDeadlines deadlines, CancellationToken cancellationToken)
    {
        _connection = connection;
        _request = request;
        _deadlines = deadlines;
        _writer = new MessageWriter(connection.Output);
        if (request.Body is null)
            return;
        _end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (request.Headers.HasToken(KnownHeader.Expect, "100-continue"u8))
            _continue = new ContinueWait();
    }

    /// <summary>True when the whole request is sent.</summary>
    public bool IsComplete => _complete;

    /// <summary>The failure of the client to send its body; null when there was none.</summary>
    public RequestBodyException? ClientFault { get; private set; }

    /// <summary>Sends the head, and begins with the body when there is one.</summary>
    public async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        WriteHead();
        if (_request.Body is { } body)
        {
            _sending = SendBodyAsync(body, _end!.Token);
            return;
        }
        await _connection.FlushAsync(cancellationToken);
        _complete = true;
    }

    /// <summary>Sends the body that the client holds back until the endpoint asks for it.</summary>
    public void GoAhead() => _continue?.End();

    /// <summary>Completes when all that can be sent is sent. It never fails.</summary>
    public Task Finished => _sending;

    /// <summary>Stops the sending. Nothing reads the client's body afterwards.</summary>
    public async ValueTask StopAsync()
    {
        if (_end is null)
            return;
        if (!_sending.IsCompleted)
            await _end.CancelAsync();
        await _sending;
        _end.Dispose();
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        _written += bytes.Length;
        if (_request.ContentLength is { } announced)
        {
            if (_written > announced)
                throw WrongLength();
        }
        else
        {
            _writer.ChunkStart(bytes.Length);
        }
        if (bytes.Length <= CopyLimit)
        {
            bytes.Span.CopyTo(_connection.Output.GetSpan(bytes.Length));
            _connection.Output.Advance(bytes.Length);
        }
        else
        {
            await _connection.FlushAsync(cancellationToken);
            await _connection.SendAsync(bytes, cancellationToken);
        }
        if (_request.ContentLength is null)
            _writer.ChunkEnd();
        if (_connection.Output.WrittenCount > SendLimit)
            await _connection.FlushAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override ValueTask FlushAsync(CancellationToken cancellationToken) => _connection.FlushAsync(cancellationToken);

    private void WriteHead()
    {
        _writer.RequestLine(_request.Method, _request.Target, _request.Host);
        foreach (var header in _request.Headers)
            _writer.Field(header.Name, header.Value);
        if (_request.IsWebSocket)
            _writer.Upgrade();
        if (_request.Body is null)
        {
            var method = _request.Method;
            if (method.SequenceEqual("POST"u8) || method.SequenceEqual("PUT"u8) || method.SequenceEqual("PATCH"u8))
                _writer.ContentLength(0);
        }
        else if (_request.ContentLength is { } length)
        {
            _writer.ContentLength(length);
        }
        else
        {
            _writer.Chunked();
        }
        _writer.EndFields();
    }

    private async Task SendBodyAsync(BodyReader body, CancellationToken cancellationToken)
    {
        try
        {
            if (_continue is { } wait)
            {
                await _connection.FlushAsync(cancellationToken);
                await AwaitContinueAsync(wait, cancellationToken);
            }
            await BodyCopy.CopyAsync(body, this, cancellationToken);
            if (_request.ContentLength is { } announced)
            {
                if (_written != announced)
                    throw WrongLength();
            }
            else
            {
                _writer.LastChunk();
                _writer.EndFields();
            }
            await _connection.FlushAsync(cancellationToken);
            _complete = true;
        }
        catch (RequestBodyException e)
        {
            // Neither side can continue. Closing the connection wakes up the reader.
            ClientFault = e;
            _connection.Dispose();
        }
        catch (Exception e)
            when (e is IOException or System.Net.Sockets.SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The endpoint takes no more, or the request was cancelled. The reader finds out why.
        }
    }

    /// <summary>
    /// Waits until the endpoint asks for the body. One that does not know the expectation sends nothing, so the wait is short.
    /// </summary>
    private async ValueTask AwaitContinueAsync(ContinueWait wait, CancellationToken cancellationToken)
    {
        _deadlines.Schedule(wait, LongestContinueWait);
        try
        {
            await wait.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            _deadlines.Remove(wait);
        }
    }

    private RequestBodyException WrongLength() =>
        new(
            400,
            $"the body has {_written} bytes, not {_request.ContentLength}",
            new InvalidDataException("the body does not have the length that was announced"));

    private sealed class ContinueWait : Deadline
    {
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Task => _end.Task;

        public void End() => _end.TrySetResult();

        protected internal override void OnExpired() => End();
    }
}
