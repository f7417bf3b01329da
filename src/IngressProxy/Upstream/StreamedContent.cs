using System.Net;
using Turnpike.IngressProxy.Pipeline;

namespace Turnpike.IngressProxy.Upstream;

/// <summary>A request body that is copied as it comes, once.</summary>
internal sealed class StreamedContent(BodyReader body, long? announced, CancellationToken requestEnd) : HttpContent
{
    /// <summary>What is made up of a body that was cut short. More costs more time than an answer is worth.</summary>
    private const long MostPadding = 16L * 1024 * 1024 * 1024;

    private static readonly AsyncLocal<StreamedContent?> Sending = new();
    private static readonly byte[] Padding = new byte[256 * 1024];

    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(requestEnd);
    private readonly Lock _lock = new();
    private EarlyAnswerStream? _connection;
    private long _written;
    private int _started;
    private bool _watched;
    private bool _sent;
    private volatile bool _isCut;

    /// <summary>The one whose bytes this flow of execution writes.</summary>
    public static StreamedContent? Current => Sending.Value;

    /// <summary>The client's fault, where it was one.</summary>
    public RequestBodyException? ReadFailure { get; private set; }

    public void GoesOver(EarlyAnswerStream connection) => _connection = connection;

    /// <summary>Ends the copying; afterwards nothing reads the body any more.</summary>
    public async ValueTask StopAsync()
    {
        if (Interlocked.Exchange(ref _started, 1) == 0)
            return;
        if (!_finished.Task.IsCompleted)
            await _stop.CancelAsync();
        await _finished.Task;
    }

    /// <summary>Ends the copying as if all had been sent. Only from the flow that sends, or <see cref="WhileSending"/>.</summary>
    public void CutShort()
    {
        _isCut = true;
        _stop.Cancel();
    }

    /// <summary>Does something unless the body is sent, and keeps it from being so meanwhile.</summary>
    public void WhileSending(EarlyAnswerStream connection, Action<EarlyAnswerStream> action)
    {
        lock (_lock)
        {
            if (!_sent)
                action(connection);
        }
    }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _started, 1) != 0)
            throw new IOException("the body was read before");
        Sending.Value = this;
        try
        {
            using var registration = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _stop);
            await BodyCopy.CopyAsync(body, new Writer(this, stream), _stop.Token);
        }
        catch (OperationCanceledException) when (_isCut && !requestEnd.IsCancellationRequested)
        {
            await PadAsync(stream);
        }
        catch (RequestBodyException e)
        {
            ReadFailure = e;
            throw;
        }
        finally
        {
            lock (_lock)
                _sent = true;
            _connection?.Unwatch();
            _finished.SetResult();
        }
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = announced ?? 0;
        return announced is not null;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _stop.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>The client insists on as many bytes as were announced. On a connection that is cut they go nowhere.</summary>
    private async Task PadAsync(Stream stream)
    {
        var missing = (announced ?? _written) - _written;
        if (missing > MostPadding)
            throw new IOException($"the body was cut short, {missing} bytes before its end");
        for (; missing > 0; missing -= Padding.Length)
            await stream.WriteAsync(Padding.AsMemory(0, (int)Math.Min(missing, Padding.Length)), CancellationToken.None);
    }

    /// <summary>A body that comes in one piece is sent before anybody can answer it; others are watched.</summary>
    private void Watch()
    {
        if (_watched || _connection is not { } connection)
            return;
        _watched = true;
        connection.Watch(this);
    }

    private sealed class Writer(StreamedContent content, Stream stream) : BodyWriter
    {
        /// <inheritdoc/>
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            if (content._written > 0)
                content.Watch();
            cancellationToken.ThrowIfCancellationRequested();
            content._written += bytes.Length;
            return stream.WriteAsync(bytes, cancellationToken);
        }

        /// <inheritdoc/>
        public override async ValueTask FlushAsync(CancellationToken cancellationToken)
        {
            await stream.FlushAsync(cancellationToken);
            content.Watch();
        }
    }
}
