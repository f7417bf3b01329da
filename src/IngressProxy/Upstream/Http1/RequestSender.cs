using Turnpike.Http;
using Turnpike.Http.Http1;
using Turnpike.Pipeline;

namespace Turnpike.IngressProxy.Upstream.Http1;

/// <summary>
/// Writes a request to a connection while somebody else reads the response from it. What is small goes out together with the head;
/// no more of the client's body is read than the endpoint takes.
/// </summary>
internal sealed class RequestSender : BodyWriter
{
    // What is larger is sent as it is, without being copied.
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

    /// <summary>All of the request is sent.</summary>
    public bool IsComplete => _complete;

    /// <summary>The client's fault while its body was read, where it was one.</summary>
    public RequestBodyException? ClientFault { get; private set; }

    /// <summary>Sends the head, and begins with the body where there is one.</summary>
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

    /// <summary>The endpoint asks for the body, for which the client waits too.</summary>
    public void GoAhead() => _continue?.End();

    /// <summary>Completes when all is sent that can be. It never fails.</summary>
    public Task Finished => _sending;

    /// <summary>Ends the sending; afterwards nothing reads the client's body any more.</summary>
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
            // Neither side can go on. Closing wakes up the reader.
            ClientFault = e;
            _connection.Dispose();
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The endpoint takes no more; it may have said why, and the reader finds out. Or nobody wants it any more.
        }
    }

    /// <summary>Waits until the endpoint asks for the body. One that does not know the expectation sends nothing, so the wait is short.</summary>
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
        new(400, $"the body has {_written} bytes, not {_request.ContentLength}", new InvalidDataException("the body does not have the length that was announced"));

    private sealed class ContinueWait : Deadline
    {
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Task => _end.Task;

        public void End() => _end.TrySetResult();

        protected internal override void OnExpired() => End();
    }
}
