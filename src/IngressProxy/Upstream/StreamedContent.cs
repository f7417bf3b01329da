using System.Net;
using Turnpike.Pipeline;

namespace Turnpike.IngressProxy.Upstream;

/// <summary>A request body that is sent while it arrives, once.</summary>
internal sealed class StreamedContent(BodyReader body, long? announced, CancellationToken requestEnd) : HttpContent
{
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(requestEnd);
    private int _started;

    /// <summary>The failure of the client to send its body; null when there was none.</summary>
    public RequestBodyException? ReadFailure { get; private set; }

    /// <summary>Completes when all that can be sent is sent. It never fails.</summary>
    public Task Finished => _finished.Task;

    /// <summary>Stops the copying. Nothing reads the body afterwards.</summary>
    public async ValueTask StopAsync()
    {
        if (Interlocked.Exchange(ref _started, 1) == 0)
            _finished.TrySetResult();
        if (!_finished.Task.IsCompleted)
            await _stop.CancelAsync();
        await _finished.Task;
    }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _started, 1) != 0)
            throw new IOException("the body was read before");
        try
        {
            using var registration = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _stop);
            await BodyCopy.CopyAsync(body, new StreamBodyWriter(stream), _stop.Token);
        }
        catch (RequestBodyException e)
        {
            ReadFailure = e;
            throw;
        }
        finally
        {
            _finished.TrySetResult();
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
}

/// <summary>An empty body that is not announced. It only carries headers that the client library keeps with the body.</summary>
internal sealed class NoContent : HttpContent
{
    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => Task.CompletedTask;

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}

/// <summary>The stream that the client library reads a body from.</summary>
internal sealed class StreamBodyWriter(Stream stream) : BodyWriter
{
    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        stream.WriteAsync(bytes, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask FlushAsync(CancellationToken cancellationToken) => new(stream.FlushAsync(cancellationToken));
}
